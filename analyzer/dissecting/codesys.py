"""CODESYS V3 runtimes by the block drivers of their protocol (Kaspersky ICS CERT, "CODESYS Runtime", 2019)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, TCP, UDP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "codesys"
PORTS = frozenset(range(1740, 1744))
BLOCK = b"\x00\x01\x17\xe8"  # over TCP: mark, then the length of mark, length and datagram (4, little-endian)
HEADER = 8
DATAGRAM = 0xC5
SERVICES = frozenset({1, 2, 3, 4, 0x40})  # addresses, names (asked and answered), channels
MAX_LENGTH = 4096


def dissect(talk: Conversation) -> Dissected | None:
    """Service codesys: over TCP payload by both directions, else partial; over UDP, on its ports, partial."""
    if talk.proto == UDP and not PORTS & {talk.orig_p, talk.resp_p}:
        return None
    certainty = agree(talk, is_block if talk.proto == TCP else is_datagram)
    return Dissected(SERVICE, certainty if talk.proto == TCP else PARTIAL) if certainty else None


def is_block(octets: bytes) -> bool:
    """Whether a stream opens with a block that holds a datagram."""
    length = int.from_bytes(octets[4:HEADER], "little")
    fits = octets.startswith(BLOCK) and HEADER < length <= MAX_LENGTH
    return fits and is_datagram(octets[HEADER:]) and BLOCK.startswith(octets[length : length + len(BLOCK)])


def is_datagram(octets: bytes) -> bool:
    """Whether octets open with a datagram of the network layer: mark, hops, options, service."""
    return len(octets) >= 8 and octets[0] == DATAGRAM and octets[3] in SERVICES
