"""HiSLIP, test instruments over TCP, by its message headers (IVI-6.1, section 3)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import Dissected
from analyzer.dissecting.turns import agree

SERVICE = "hislip"
HEADER = 16  # "HS", type, control code, parameter (4), length of the payload (8)
TYPES = range(38)
MAX_LENGTH = 1 << 32


def dissect(talk: Conversation) -> Dissected | None:
    """Service hislip: payload by both directions, partial by one."""
    certainty = agree(talk, is_message)
    return Dissected(SERVICE, certainty) if certainty else None


def is_message(octets: bytes) -> bool:
    """Whether a stream opens with a message, and where that ends goes on with another."""
    if not octets.startswith(b"HS") or len(octets) < HEADER or octets[2] not in TYPES:
        return False
    length = int.from_bytes(octets[8:16], "big")
    return length < MAX_LENGTH and b"HS".startswith(octets[HEADER + length : HEADER + length + 2])
