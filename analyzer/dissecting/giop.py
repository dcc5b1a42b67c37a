"""CORBA GIOP by the header of its messages (CORBA 3.4 part 2, section 9.4.1): what port 683 is registered for."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, Dissected

SERVICE = "giop"
HEADER = 12  # magic (4), major, minor, flags, type, length of what follows (4)
MAX_LENGTH = 1 << 26


def dissect(talk: Conversation) -> Dissected | None:
    """Service giop, partial always: that the controls on port 683 speak it is plausible, not documented."""
    if _is_message(talk.orig.octets) or _is_message(talk.resp.octets):
        return Dissected(SERVICE, PARTIAL)
    return None


def _is_message(octets: bytes) -> bool:
    """Whether a stream opens with a GIOP 1.0 to 1.3 message of a known type."""
    if not octets.startswith(b"GIOP\x01") or len(octets) < HEADER:
        return False
    minor, flags, kind = octets[5], octets[6], octets[7]
    length = int.from_bytes(octets[8:12], "little" if flags & 1 else "big")
    return minor <= 3 and flags <= 3 and kind <= 7 and length <= MAX_LENGTH
