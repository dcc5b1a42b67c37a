"""SNMP by the BER of its messages: a sequence that holds a version (RFC 1157, RFC 3416, RFC 3412)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting import ber
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "snmp"
# SEQUENCE with its length, INTEGER version 0 (v1), 1 (v2c) with an OCTET STRING next, or 3 with a SEQUENCE next.
MESSAGE = re.compile(
    rb"\x30(?:[\x08-\x7f]|\x81.|\x82..|\x83...|\x84....)\x02\x01(?:[\x00\x01]\x04|\x03\x30)", re.DOTALL
)
PORTS = frozenset({161, 162})
COMMUNITY, HEADER, PARAMETERS = 0x04, 0x30, 0x04
PDUS = frozenset(range(0xA0, 0xA9))  # get to report


def dissect(talk: Conversation) -> Dissected | None:
    """Service snmp where the first datagram on one of its ports opens like a message, elsewhere is one in full."""
    octets = talk.messages[0].octets if talk.messages else b""
    if not MESSAGE.match(octets):
        return None
    return Dissected(SERVICE, PAYLOAD) if PORTS & {talk.orig_p, talk.resp_p} or is_whole(octets) else None


def is_whole(octets: bytes) -> bool:
    """Whether the elements of a message fill the datagram: version, community and PDU, or header, parameters, data."""
    message = ber.read(octets)
    if message is None or message.end != len(octets):
        return False
    tags = [element.tag for element in ber.children(octets, message.begin, message.end)]
    if len(tags) == 3:
        return tags[1] == COMMUNITY and tags[2] in PDUS
    return len(tags) == 4 and tags[1:3] == [HEADER, PARAMETERS] and tags[3] in {0x30, 0x04}
