"""POP3 by its greeting and its commands, and TLS behind STLS (RFC 1939 sections 3 to 7, RFC 2595 section 4)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import Dissected
from analyzer.dissecting.starttls import Upgrade, tls_at, upgraded

SERVICE = "pop3"

GREETING = re.compile(rb"\+OK[ \r]")
NAMED = re.compile(rb"\+OK [^\r\n]{0,512}(?i:POP)")
COMMAND = re.compile(rb"(?i:CAPA|USER|APOP|AUTH|STLS|QUIT|UTF8|LANG)[ \r\n]")
UPGRADE = Upgrade(re.compile(rb"(?i:STLS) *"), re.compile(rb"\+OK(?: .*)?"))


def dissect(talk: Conversation) -> Dissected | None:
    """Service pop3, with the session where STLS was agreed to. Nothing of a login or a mail is kept.

    Other servers say +OK too (Redis), but only when they are asked; this one speaks first.
    """
    for client, server, turned in talk.sides():
        streams = (talk.resp, talk.orig) if turned else (talk.orig, talk.resp)
        first = not client or streams[1].at(0).frame < streams[0].at(0).frame
        if first and GREETING.match(server) and (COMMAND.match(client) if client else NAMED.match(server)):
            at = tls_at(client, server, UPGRADE)
            return upgraded(SERVICE, at, turned=turned)
    return None
