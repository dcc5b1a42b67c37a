"""ANSI C12.22 (meters), by the ACSE envelope of its messages (RFC 6142; IEEE 1703-2012 section 5.3.4)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting import ber
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "c12.22"
ENVELOPE = 0x60
# Context, called title, qualifier and invocation, calling ones, mechanism, authentication value; information last.
ELEMENTS = (0xA1, 0xA2, 0xA3, 0xA4, 0xA6, 0xA7, 0xA8, 0x8B, 0xAC, 0xBE)
INFORMATION, EXTERNAL = 0xBE, 0x28


def dissect(talk: Conversation) -> Dissected | None:
    """Service c12.22 where each side that spoke opens with a message."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_message, alone=PAYLOAD) else None


def is_message(octets: bytes) -> bool:
    """Whether octets open with an envelope of known elements in their order, the last one user information."""
    envelope = ber.read(octets) if octets[:1] == b"\x60" else None
    if envelope is None or envelope.end > len(octets):
        return False
    elements = ber.children(octets, envelope.begin, envelope.end)
    tags = [element.tag for element in elements]
    places = [ELEMENTS.index(tag) for tag in tags if tag in ELEMENTS]
    if len(places) != len(tags) or places != sorted(set(places)) or tags[-1:] != [INFORMATION] or len(tags) < 3:
        return False
    information = ber.read(octets, elements[-1].begin)
    return information is not None and information.tag == EXTERNAL and information.end <= elements[-1].end
