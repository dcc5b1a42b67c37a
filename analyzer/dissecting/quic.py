"""QUIC by the invariant long header (RFC 8999) and the versions in use (RFC 9000, RFC 9369); nothing is decrypted."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation, Message
from analyzer.dissecting.dissected import PAYLOAD, UDP, Dissected

SERVICE = "quic"
PROTOS: tuple[int, ...] = (UDP,)
LONG = 0x80
FIXED = 0x40
GOOGLE_VERSION = 0x51  # "Q"
MAX_ID = 20  # octets of a connection id (RFC 9000 section 17.2)
VERSION_1, VERSION_2 = 0x00000001, 0x6B3343CF
FACEBOOK = range(0xFACEB000, 0xFACEB010)  # mvfst
DRAFTS = range(0xFF000011, 0xFF000023)  # drafts 17 to 34
# Google's QUIC: public flags with the version bit, a connection id of 8 octets, the version (drafts of 2016).
GOOGLE = re.compile(rb"[\x09\x0d\x19\x1d\x29\x2d\x39\x3d].{8}Q0[2-4][0-9]", re.DOTALL)
GOOGLE_LONG = re.compile(rb"[\xc0-\xff][QT]0[4-5][0-9]", re.DOTALL)


def dissect(talk: Conversation) -> Dissected | None:
    """Service quic where one of the first datagrams opens with a long header of a known version."""
    if any(_is_long(message) for message in talk.messages[:4]):
        return Dissected(SERVICE, PAYLOAD)
    return None


def _is_long(message: Message) -> bool:
    octets = message.octets
    if len(octets) < 16 or (not octets[0] & LONG and octets[9] != GOOGLE_VERSION):
        return False
    if GOOGLE.match(octets) or GOOGLE_LONG.match(octets):
        return True
    version = int.from_bytes(octets[1:5], "big")
    if not octets[0] & LONG or (version and not octets[0] & FIXED):
        return False
    if version not in {0, VERSION_1, VERSION_2} and version not in DRAFTS and version not in FACEBOOK:
        return False
    to_length = octets[5]
    from_at = 6 + to_length
    from_length = octets[from_at] if from_at < len(octets) else MAX_ID + 1
    if to_length > MAX_ID or from_length > MAX_ID:
        return False
    rest = octets[from_at + 1 + from_length :]
    return _offers_versions(rest) if version == 0 else len(rest) >= 16


def _offers_versions(octets: bytes) -> bool:
    """Whether these are versions of a Version Negotiation packet (RFC 9000 section 17.2.1), a known one among them."""
    versions = [int.from_bytes(octets[at : at + 4], "big") for at in range(0, min(len(octets), 256) - 3, 4)]
    known = any(version in {VERSION_1, VERSION_2} or version in DRAFTS for version in versions)
    return len(octets) % 4 == 0 and (known or octets[:2] == b"Q0")
