"""Syslog by the priority that opens a message (RFC 3164 section 4.1, RFC 5424 section 6.2, RFC 6587 for TCP)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected

SERVICE = "syslog"
PORTS = frozenset({514, 601, 1514})
PRIORITY = rb"(?:[1-9]\d{0,4} )?<(?:0|[1-9]\d?|1[0-8]\d|19[01])>"  # RFC 6587: octets counted before it
MESSAGE = re.compile(PRIORITY + rb"[1A-Z\[\d]")
# RFC 5424: version, then a time or nothing; RFC 3164: month, day, time.
DATED = re.compile(
    PRIORITY + rb"(?:[1-9]\d? (?:-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"
    rb"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d )"
)


def dissect(talk: Conversation) -> Dissected | None:
    """Service syslog where the originator's first octets are a message: with its time on any port but its own."""
    octets = b""
    if talk.proto == TCP:
        octets = talk.orig.octets
    elif talk.messages and talk.messages[0].from_orig:
        octets = talk.messages[0].octets
    form = MESSAGE if talk.resp_p in PORTS else DATED
    return Dissected(SERVICE, PAYLOAD) if form.match(octets) else None
