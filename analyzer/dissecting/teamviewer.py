"""TeamViewer's own protocol, by the marks that open its commands (as nDPI's protocols/teamviewer.c knows them)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "teamviewer"
PORT = 5938
MARKS = (b"\x17\x24", b"\x11\x30")  # command headers of two generations
MARK_AT = 11  # in a datagram, behind its own header


def dissect(talk: Conversation) -> Dissected | None:
    """Service teamviewer: payload on its port by both directions, else partial; the format is not published."""
    certainty = agree(talk, is_command if talk.proto == TCP else is_datagram)
    if not certainty:
        return None
    return Dissected(SERVICE, certainty if PORT in {talk.orig_p, talk.resp_p} else PARTIAL)


def is_command(octets: bytes) -> bool:
    """Whether a stream opens with a command's mark and a number that commands have."""
    return octets.startswith(MARKS) and len(octets) >= 5 and 8 < octets[2] < 0x80


def is_datagram(octets: bytes) -> bool:
    """Whether a datagram holds a command's mark behind its header."""
    return octets[:1] == b"\0" and octets.startswith(MARKS[0], MARK_AT) and len(octets) > 16
