"""QUIC packets sealed octet by octet, from the RFCs and from nothing of the program's."""

from __future__ import annotations

import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

V1, V2, DRAFT_29, MVFST = 0x00000001, 0x6B3343CF, 0xFF00001D, 0xFACEB002
Q050, T051 = 0x51303530, 0x54303531
FIRST = bytes.fromhex("8394c8f03e515708")  # the destination id of RFC 9001 appendix A
SALTS = {
    V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
    DRAFT_29: "afbfec289993d24c9e9786f19c6111e04390a899",
    MVFST: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    Q050: "504574efd066fe2f9d945cfcdbd3a7f0d3b56b45",
    T051: "7a4edef4e7ccee5fa4506c19124fc8ccda6e033d",
}
RETRY_KEYS = {
    V1: ("be0c690b9f66575a1d766b54e368c84e", "461599d35d632bf2239825bb"),
    V2: ("8fb4b01b56ac48e260fbcbcead7ccc92", "d86969bc2d7c6d9990efb04a"),
}


def varint(value, size=0):
    """RFC 9000 section 16, in as few octets as hold it, or in `size`."""
    size = size or next(one for one in (1, 2, 4, 8) if value < 1 << (8 * one - 2))
    return (value | (size.bit_length() - 1) << (8 * size - 2)).to_bytes(size, "big")


def crypto(offset, octets, kind=6):
    """A CRYPTO frame (RFC 9000 section 19.6); kind 8 in Google's versions."""
    return bytes([kind]) + varint(offset) + varint(len(octets)) + octets


def expand(secret, label, length):
    """HKDF-Expand-Label (RFC 8446 section 7.1) for up to 32 octets."""
    name = b"tls13 " + label.encode()
    info = struct.pack(">HB", length, len(name)) + name + b"\0\1"
    return hmac.digest(secret, info, "sha256")[:length]


def keys_of(version, first_id, side):
    """Key, nonce and header key of a side ("client", "server")."""
    secret = expand(hmac.digest(bytes.fromhex(SALTS[version]), first_id, "sha256"), f"{side} in", 32)
    label = "quicv2" if version == V2 else "quic"
    return tuple(expand(secret, f"{label} {name}", size) for name, size in (("key", 16), ("iv", 12), ("hp", 16)))


def header(version, kind, to, source, low=0):
    """A long header up to the ids; kinds as RFC 9000 numbers them: 0 Initial, 1 0-RTT, 2 Handshake, 3 Retry."""
    bits = (kind + 1) % 4 if version == V2 else kind
    return (
        bytes([0xC0 | bits << 4 | low])
        + version.to_bytes(4, "big")
        + bytes([len(to)])
        + to
        + bytes([len(source)])
        + source
    )


def initial(
    payload, *, version=V1, to=FIRST, source=b"", token=b"", number=0, size=4, side="client", first_id=None, least=0
):
    """A sealed Initial packet, padded so that it has at least so many octets."""
    key, iv, hp = keys_of(version, to if first_id is None else first_id, side)
    front = header(version, 0, to, source, size - 1) + varint(len(token)) + token
    payload += bytes(max(least - len(front) - 2 - size - len(payload) - 16, 0))
    front += varint(size + len(payload) + 16, 2)
    return seal(front + (number & ((1 << 8 * size) - 1)).to_bytes(size, "big"), payload, (key, iv, hp), number)


def seal(front, payload, keys, number):
    """Protect payload and header (RFC 9001 section 5.4.1); the packet number ends `front`."""
    key, iv, hp = keys
    size = (front[0] & 3) + 1
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, payload, front)
    sample = sealed[4 - size : 20 - size]
    mask = Cipher(algorithms.AES(hp), modes.ECB()).encryptor().update(sample)
    packet = bytearray(front + sealed)
    packet[0] ^= mask[0] & 15
    for k in range(size):
        packet[len(front) - size + k] ^= mask[1 + k]
    return bytes(packet)


def other(kind, *, version=V1, to=b"s" * 8, source=b"", octets=40):
    """A 0-RTT (1) or Handshake (2) packet of octets that nobody can open."""
    return header(version, kind, to, source, 3) + varint(octets, 2) + b"e" * octets


def negotiation(*versions, to=b"", source=FIRST):
    """A Version Negotiation (RFC 9000 section 17.2.1)."""
    listed = b"".join(version.to_bytes(4, "big") for version in versions)
    return header(0, 0, to, source) + listed


def retry(token=b"token", *, version=V1, source=b"r" * 8, first_id=FIRST):
    """A Retry with its tag (RFC 9001 section 5.8)."""
    octets = header(version, 3, b"", source, 15) + token
    key, nonce = map(bytes.fromhex, RETRY_KEYS[version])
    return octets + AESGCM(key).encrypt(nonce, b"", bytes([len(first_id)]) + first_id + octets)


def message(tag, **values):
    """A message of Google's QUIC Crypto: tags and where their values end, then the values."""
    index, body = b"", b""
    for name, value in values.items():
        body += value
        index += name.encode().ljust(4, b"\0") + struct.pack("<I", len(body))
    return tag + struct.pack("<HH", len(values), 0) + index + body


def stream_one(offset, octets, order=">"):
    """A STREAM frame of Google's stream 1, which carries the handshake; numbers big-endian from Q039 on."""
    where = struct.pack(order + "H", offset) if offset else b""
    return bytes([0xA4 if offset else 0xA0, 1]) + where + struct.pack(order + "H", len(octets)) + octets


def hashed(front, body, side):
    """Google's packet in clear: FNV-1a of 128 bits, its 12 lowest octets between header and body."""
    total = 0x6C62272E07BB014262B821756295C58D
    for octet in front + body + side:
        total = (total ^ octet) * 0x0000000001000000000000000000013B % (1 << 128)
    return front + total.to_bytes(16, "little")[:12] + body


def public(version, frames, *, number=1, side=b"Client", flags=0x0D, connection=b"c" * 8):
    """A packet of Google's versions up to Q043 with its public header."""
    side, private = (side, b"") if version >= "Q037" else (b"", b"" if version >= "Q034" else b"\0")
    return hashed(bytes([flags]) + connection + version.encode() + bytes([number]), private + frames, side)
