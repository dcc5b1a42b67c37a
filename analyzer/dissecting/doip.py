"""Diagnostics over IP (vehicles), by the header of its messages (ISO 13400-2:2019, section 9)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "doip"
HEADER = 8  # version, its complement, payload type (2), length of the payload (4)
VERSIONS = frozenset({1, 2, 3, 0xFF})
TYPES = frozenset({*range(9), *range(0x4001, 0x4005), 0x8001, 0x8002, 0x8003})
MAX_LENGTH = 1 << 24


def dissect(talk: Conversation) -> Dissected | None:
    """Service doip where each side that spoke opens with a message."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_message, alone=PAYLOAD) else None


def is_message(octets: bytes) -> bool:
    """Whether octets open with a header, and where its payload ends with nothing or another header."""
    if len(octets) < HEADER or octets[0] not in VERSIONS or octets[0] ^ octets[1] != 0xFF:
        return False
    length = int.from_bytes(octets[4:8], "big")
    after = octets[HEADER + length : HEADER + length + 1]
    return int.from_bytes(octets[2:4], "big") in TYPES and length < MAX_LENGTH and after in {b"", octets[:1]}
