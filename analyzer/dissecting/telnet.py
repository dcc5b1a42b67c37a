"""Telnet by the options that its sides negotiate before all else (RFC 854, RFC 855; options of the IANA registry)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "telnet"
IAC = 0xFF
ASKED = range(0xFB, 0xFF)  # WILL, WONT, DO, DONT
OPTIONS = frozenset({*range(50), 138, 139, 140, 255})
MAX_COMMANDS = 16


def dissect(talk: Conversation) -> Dissected | None:
    """Service telnet: payload where both sides open with options or one asks for two; one option is partial."""
    counts = [count_options(side) for side in (talk.orig.octets, talk.resp.octets)]
    if not any(counts):
        return None
    return Dissected(SERVICE, PAYLOAD if all(counts) or max(counts) > 1 else PARTIAL)


def count_options(octets: bytes) -> int:
    """How many options a stream opens with, without a gap."""
    count = at = 0
    while count < MAX_COMMANDS and len(octets) - at >= 3 and octets[at] == IAC:
        if octets[at + 1] not in ASKED or octets[at + 2] not in OPTIONS:
            break
        count += 1
        at += 3
    return count
