"""BGP by the marker of its messages (RFC 4271 section 4.1)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "bgp"
MARKER = b"\xff" * 16
TYPES = range(1, 6)


def dissect(talk: Conversation) -> Dissected | None:
    """Service bgp where each side that spoke opens with a message."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_message, alone=PAYLOAD) else None


def is_message(octets: bytes) -> bool:
    """Whether a stream opens with marker, a length and a known type."""
    if not octets.startswith(MARKER) or len(octets) < 19:
        return False
    return 19 <= int.from_bytes(octets[16:18], "big") <= 4096 and octets[18] in TYPES
