"""The packets of a QUIC datagram, by their long headers: nothing is decrypted here.

Source: RFC 8999; RFC 9000 sections 12.2, 16 and 17.2; RFC 9369 section 3.2; RFC 9368; drafts 17 to 34.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONG, FIXED = 0x80, 0x40
INITIAL, ZERO_RTT, HANDSHAKE, RETRY, NEGOTIATION = range(5)
VERSION_2_TYPES = (RETRY, INITIAL, ZERO_RTT, HANDSHAKE)
MAX_ID = 20  # octets of a connection id (RFC 9000 section 17.2)
MAX_PACKETS = 8  # of one datagram; a flight has an Initial, a 0-RTT or Handshake and a 1-RTT packet
MAX_VERSIONS = 64
RETRY_TAG = 16
VERSION_1, VERSION_2 = 0x00000001, 0x6B3343CF
FACEBOOK = range(0xFACEB000, 0xFACEB020)  # mvfst
DRAFTS = range(0xFF000011, 0xFF000023)  # drafts 17 to 34
Q050, T050, T051 = 0x51303530, 0x54303530, 0x54303531
GOOGLE_WITH_KEYS = frozenset({Q050, T050, T051})
GOOGLE_TEXT = re.compile(rb"[QT]0[0-9][0-9]")


class Packet(NamedTuple):
    """A packet with a long header, as offsets into its datagram.

    kind            INITIAL, ZERO_RTT, HANDSHAKE, RETRY or NEGOTIATION
    version         as on the wire, 0 for a Version Negotiation
    to, source      connection ids
    token           of an Initial
    begin, at, end  its first octet; its packet number (what follows the ids for RETRY and NEGOTIATION); its end, which
                    may lie behind what was captured
    """

    kind: int
    version: int
    to: bytes
    source: bytes
    token: bytes
    begin: int
    at: int
    end: int


def read_packets(octets: bytes) -> list[Packet]:
    """The packets of a datagram in order, up to the first that has a short header or that cannot be delimited."""
    found: list[Packet] = []
    at = 0
    while len(found) < MAX_PACKETS:
        packet = read_packet(octets, at)
        if packet is None:
            break
        found.append(packet)
        at = packet.end
    return found


def read_packet(octets: bytes, begin: int) -> Packet | None:
    """The packet at `begin`; None where no long header of a known version stands there."""
    ids = read_ids(octets, begin)
    if ids is None:
        return None
    version, to, source, at = ids
    if version == 0:
        return Packet(NEGOTIATION, 0, to, source, b"", begin, at, len(octets))
    if not is_known(version) or not octets[begin] & FIXED or max(len(to), len(source)) > MAX_ID:
        return None
    kind = octets[begin] >> 4 & 3
    kind = VERSION_2_TYPES[kind] if version == VERSION_2 else kind
    token = b""
    if kind == RETRY:
        return Packet(RETRY, version, to, source, b"", begin, at, len(octets))
    if kind == INITIAL:
        length, at = read_varint(octets, at)
        if length < 0 or length > len(octets) - at:
            return None
        token = octets[at : at + length]
        at += length
    length, at = read_varint(octets, at)
    return None if length < 0 else Packet(kind, version, to, source, token, begin, at, at + length)


def read_ids(octets: bytes, begin: int) -> tuple[int, bytes, bytes, int] | None:
    """Version, connection ids, and where they end, of a long header of any version (RFC 8999 section 5.1)."""
    at = begin + 5
    if len(octets) - at < 2 or not octets[begin] & LONG:
        return None
    to = octets[at + 1 : at + 1 + octets[at]]
    at += 1 + octets[at]
    if at >= len(octets):
        return None
    end = at + 1 + octets[at]
    if end > len(octets):
        return None
    return int.from_bytes(octets[begin + 1 : begin + 5], "big"), to, octets[at + 1 : end], end


def read_varint(octets: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer (RFC 9000 section 16) and where it ends; -1 where it is not whole."""
    if at >= len(octets):
        return -1, at
    size = 1 << (octets[at] >> 6)
    if size > len(octets) - at:
        return -1, at
    return int.from_bytes(octets[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


def read_versions(octets: bytes) -> tuple[int, ...]:
    """The versions that a Version Negotiation packet offers, from where its ids end (RFC 9000 section 17.2.1)."""
    return tuple(
        int.from_bytes(octets[at : at + 4], "big") for at in range(0, min(len(octets) // 4, MAX_VERSIONS) * 4, 4)
    )


def is_known(version: int) -> bool:
    """Whether packets of this version have the form of RFC 9000 section 17.2."""
    return version in {VERSION_1, VERSION_2} or version in DRAFTS or version in FACEBOOK or version in GOOGLE_WITH_KEYS


def name_version(version: int) -> str:
    """A version as people write it: 1, 2, draft-29, Q050, mvfst-2 (digits behind 0xfaceb0), else 0x and 8 digits."""
    if version in {VERSION_1, VERSION_2}:
        return "1" if version == VERSION_1 else "2"
    if version in DRAFTS:
        return f"draft-{version & 0xFF}"
    if version in FACEBOOK:
        return f"mvfst-{version & 0xFF:x}"
    text = version.to_bytes(4, "big")
    return text.decode("ascii") if GOOGLE_TEXT.fullmatch(text) else f"0x{version:08x}"
