"""Syslog by the priority that opens a message (RFC 3164 section 4.1, RFC 5424 section 6.2, RFC 6587 for TCP)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, UDP, Dissected

SERVICE = "syslog"
PROTOS: tuple[int, ...] = (TCP, UDP)
PORTS = frozenset({514, 601, 1514})
MESSAGE = re.compile(
    rb"(?:[1-9]\d{0,4} )?<(?:0|[1-9]\d?|1[0-8]\d|19[01])>[1A-Z\[\d]"
)  # RFC 6587: octets counted before it


def dissect(talk: Conversation) -> Dissected | None:
    """Service syslog where the originator's first octets on one of its ports are a message."""
    if talk.resp_p not in PORTS:
        return None
    octets = b""
    if talk.proto == TCP:
        octets = talk.orig.octets
    elif talk.messages and talk.messages[0].from_orig:
        octets = talk.messages[0].octets
    return Dissected(SERVICE, PAYLOAD) if MESSAGE.match(octets) else None
