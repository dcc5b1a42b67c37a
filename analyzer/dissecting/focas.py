"""FANUC FOCAS over Ethernet, by the header of its frames (diohpix/pyfanuc README.md)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "focas"
SYNC = b"\xa0\xa0\xa0\xa0"
HEADER = 10  # sync (4), version (2), type (2), length of what follows (2), all big-endian
TYPES = frozenset(
    {0x0101, 0x0102, 0x0201, 0x0202, 0x2101, 0x2102}
)  # open, its answer, close, its answer, request, answer


def dissect(talk: Conversation) -> Dissected | None:
    """Service focas where every frame of a direction, as far as seen, has a known header."""
    if _is_framed(talk.orig.octets) or _is_framed(talk.resp.octets):
        return Dissected(SERVICE, PAYLOAD)
    return None


def _is_framed(octets: bytes) -> bool:
    """Whether the stream opens with a frame, and where that one ends goes on with another."""
    if not octets.startswith(SYNC) or len(octets) < HEADER:
        return False
    if octets[4] or int.from_bytes(octets[6:8], "big") not in TYPES:
        return False
    after = octets[HEADER + int.from_bytes(octets[8:10], "big") :][: len(SYNC)]
    return SYNC.startswith(after)
