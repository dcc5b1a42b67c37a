"""SIP (telephones) and RTSP (cameras), by their start lines (RFC 3261 section 7, RFC 7826 section 7, RFC 2326)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import firsts

SERVICE = "sip"
STREAMING = "rtsp"
REQUEST = re.compile(rb"[A-Z]{3,16} (?i:sips?|tel|urn):[\x21-\x7e]{1,1024} SIP/2\.0\r?\n")
ANSWER = re.compile(rb"SIP/2\.0 [1-6]\d\d [^\r\n]{0,256}\r?\n")
STREAM_REQUEST = re.compile(rb"[A-Z][A-Z_]{2,15} (?:\*|(?i:rtsps?|rtspu)://[\x21-\x7e]{1,1024}) RTSP/[12]\.0\r?\n")
STREAM_ANSWER = re.compile(rb"RTSP/[12]\.0 [1-5]\d\d [^\r\n]{0,256}\r?\n")


def dissect(talk: Conversation) -> Dissected | None:
    """Service sip or rtsp where the first message of a side opens with a start line; keepalives may come before."""
    orig, resp = firsts(talk)
    for octets in (*orig, *resp):
        plain = octets.lstrip(b"\r\n")
        if REQUEST.match(plain) or ANSWER.match(plain):
            return Dissected(SERVICE, PAYLOAD)
        if STREAM_REQUEST.match(plain) or STREAM_ANSWER.match(plain):
            return Dissected(STREAMING, PAYLOAD)
    return None
