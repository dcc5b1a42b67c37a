"""Haas Q commands over a serial line that a device server puts on TCP (Haas, "Machine Data Collection")."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "haas-q"
PORT = 4001
STX, ETB = b"\x02", b"\x17"  # older controls put their answer between the two

QUERY = re.compile(rb"[\r\n]*\?(?:Q[1-6]0[0-9](?: [0-9]{1,5})?|E[0-9]{1,5} [-+0-9.]{1,20})[ ]?[\r\n]")
OLD_QUERY = re.compile(rb"[\r\n]*Q[1-6]0[0-9](?: [0-9]{1,5})?[\r\n]")
ANSWER = re.compile(
    rb"[\r\n> ]*(\x02?)(?:SERIAL NUMBER|SOFTWARE|MODEL|MODE|TOOL CHANGES|USING TOOL|P\.O\. TIME|C\.S\. TIME|LAST CYCLE"
    rb"|PREV CYCLE|M30 #[12]|PROGRAM|STATUS|PARTS|MACRO|\?, ?\?Q|UNKNOWN|INVALID NUMBER),? [\x20-\x7e]{1,200}[\x17\r\n]"
)
ECHO = re.compile(rb"[\r\n]*\??Q[1-6]0[0-9](?: [0-9]{1,5})?[\r\n]{1,2}")  # some controls repeat the query first


def dissect(talk: Conversation) -> Dissected | None:
    """Service haas-q: payload by a query and its answer, partial by one of the two; other serial lines say nothing."""
    for client, server in ((talk.orig.octets, talk.resp.octets), (talk.resp.octets, talk.orig.octets)):
        asked = QUERY.match(client) or OLD_QUERY.match(client)
        if client and not asked:
            continue
        echo = ECHO.match(server)
        answer = ANSWER.match(server, echo.end() if echo else 0)
        if asked and answer:
            return Dissected(SERVICE, PAYLOAD)
        if asked and not server and (client.lstrip(b"\r\n").startswith(b"?") or PORT in {talk.orig_p, talk.resp_p}):
            return Dissected(SERVICE, PARTIAL)
        if answer and (answer[1] or PORT in {talk.orig_p, talk.resp_p}):
            return Dissected(SERVICE, PARTIAL)
    return None
