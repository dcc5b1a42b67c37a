"""The keys of QUIC's Initial packets, which anyone can derive who saw the first one, and the packets opened with them.

Source: RFC 9001 sections 5.1 to 5.4 and 5.8; RFC 9369 section 3.3; drafts 22 to 34 of QUIC-TLS, section 5.2; the salts
of Google's and Facebook's versions as their libraries (quiche, mvfst) publish them.
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from analyzer.dissecting.quicpackets import Q050, RETRY_TAG, T050, T051, VERSION_1, VERSION_2, Packet

TAG = 16
SAMPLE = 16
HASH = 32

_DRAFT_22 = bytes.fromhex("7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a")
_DRAFT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
_DRAFT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
_FINAL = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
SALTS: dict[int, bytes] = {
    VERSION_1: _FINAL,
    VERSION_2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
    0xFF000016: _DRAFT_22,
    **dict.fromkeys(range(0xFF000017, 0xFF00001D), _DRAFT_23),
    **dict.fromkeys(range(0xFF00001D, 0xFF000021), _DRAFT_29),
    0xFF000021: _FINAL,
    0xFF000022: _FINAL,
    0xFACEB001: _DRAFT_22,
    **dict.fromkeys((0xFACEB002, 0xFACEB00E, 0xFACEB010, 0xFACEB011, 0xFACEB013), _DRAFT_23),
    0xFACEB003: _FINAL,
    Q050: bytes.fromhex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45"),
    T050: bytes.fromhex("7ff579e5acd072915580304c43a2367c60488310"),
    T051: bytes.fromhex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d"),
}
"""The salt of each version whose Initial packets can be opened."""

_RETRY_FINAL = bytes.fromhex("be0c690b9f66575a1d766b54e368c84e"), bytes.fromhex("461599d35d632bf2239825bb")
_RETRY_29 = bytes.fromhex("ccce187ed09a09d05728155a6cb96be1"), bytes.fromhex("e54930f97f2136f0530a8c1c")
RETRY_KEYS: dict[int, tuple[bytes, bytes]] = {
    VERSION_1: _RETRY_FINAL,
    VERSION_2: (bytes.fromhex("8fb4b01b56ac48e260fbcbcead7ccc92"), bytes.fromhex("d86969bc2d7c6d9990efb04a")),
    **dict.fromkeys(range(0xFF00001D, 0xFF000021), _RETRY_29),
    0xFF000021: _RETRY_FINAL,
    0xFF000022: _RETRY_FINAL,
}
"""Key and nonce of the tag of a Retry (RFC 9001 section 5.8, RFC 9369 section 3.3.3), by version."""


class Keys(NamedTuple):
    """What protects the Initial packets of one direction: key and nonce of AES-128-GCM, key of the header."""

    key: bytes
    iv: bytes
    hp: bytes


def initial_keys(version: int, first_id: bytes) -> tuple[Keys, Keys] | None:
    """The client's and the server's keys, from the destination id of the client's first Initial; None without salt."""
    salt = SALTS.get(version)
    if salt is None:
        return None
    secret = HKDF.extract(SHA256(), salt, first_id)
    client, server = (expand(secret, f"{side} in", HASH) for side in ("client", "server"))
    return side_keys(version, client), side_keys(version, server)


def side_keys(version: int, secret: bytes) -> Keys:
    """The keys that a side's secret gives (RFC 9001 section 5.1, RFC 9369 section 3.3.2)."""
    label = "quicv2" if version == VERSION_2 else "quic"
    return Keys(
        expand(secret, f"{label} key", 16), expand(secret, f"{label} iv", 12), expand(secret, f"{label} hp", 16)
    )


def expand(secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label without context (RFC 8446 section 7.1)."""
    name = f"tls13 {label}".encode("ascii")
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    return HKDFExpand(SHA256(), length, info).derive(secret)


def open_packet(keys: Keys, octets: bytes, packet: Packet, largest: int) -> tuple[int, bytes] | None:
    """Packet number and payload of an Initial packet of a datagram; None where the tag is wrong or octets lack.

    `largest` is the largest packet number that was read of this side, -1 for none (RFC 9000 appendix A.3).
    """
    sample = octets[packet.at + 4 : packet.at + 4 + SAMPLE]
    if packet.end > len(octets) or packet.at + 4 + SAMPLE > packet.end:
        return None
    mask = Cipher(algorithms.AES(keys.hp), modes.ECB()).encryptor().update(sample)  # noqa: S305 - RFC 9001 section 5.4.3
    first = octets[packet.begin] ^ mask[0] & 0x0F
    size = (first & 3) + 1
    body = packet.at + size
    cut = int.from_bytes(octets[packet.at : body], "big") ^ int.from_bytes(mask[1 : 1 + size], "big")
    number = whole_number(largest, cut, 8 * size)
    header = bytes([first]) + octets[packet.begin + 1 : packet.at] + cut.to_bytes(size, "big")
    nonce = (int.from_bytes(keys.iv, "big") ^ number).to_bytes(12, "big")
    try:
        return number, AESGCM(keys.key).decrypt(nonce, octets[body : packet.end], header)
    except InvalidTag:
        return None


def whole_number(largest: int, cut: int, bits: int) -> int:
    """The packet number whose last `bits` are `cut` and that is nearest to the one expected (RFC 9000 appendix A.3)."""
    expected, window = largest + 1, 1 << bits
    number = expected & -window | cut
    if number <= expected - window // 2 and number < (1 << 62) - window:
        return number + window
    return number - window if number > expected + window // 2 and number >= window else number


def is_retry(octets: bytes, packet: Packet, first_id: bytes) -> bool | None:
    """Whether a Retry answers the Initial with that destination id; None for a version whose Retry has no known tag."""
    known = RETRY_KEYS.get(packet.version)
    if known is None:
        return None
    retry = octets[packet.begin : packet.end]
    if packet.end - packet.at < RETRY_TAG:
        return False
    asked = bytes([len(first_id)]) + first_id + retry[:-RETRY_TAG]
    key, nonce = known
    return AESGCM(key).encrypt(nonce, b"", asked) == retry[-RETRY_TAG:]
