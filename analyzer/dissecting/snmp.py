"""SNMP by the BER of its messages: a sequence that holds a version (RFC 1157, RFC 3416, RFC 3412)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, UDP, Dissected

SERVICE = "snmp"
PROTOS: tuple[int, ...] = (UDP,)
# SEQUENCE with its length, INTEGER version 0 (v1), 1 (v2c) with an OCTET STRING next, or 3 with a SEQUENCE next.
MESSAGE = re.compile(
    rb"\x30(?:[\x08-\x7f]|\x81.|\x82..|\x83...|\x84....)\x02\x01(?:[\x00\x01]\x04|\x03\x30)", re.DOTALL
)
PORTS = frozenset({161, 162})


def dissect(talk: Conversation) -> Dissected | None:
    """Service snmp where the first datagram on one of its ports is a message."""
    if not talk.messages or not PORTS & {talk.orig_p, talk.resp_p}:
        return None
    return Dissected(SERVICE, PAYLOAD) if MESSAGE.match(talk.messages[0].octets) else None
