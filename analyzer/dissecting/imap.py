"""IMAP by its greeting and its tagged commands, and TLS behind STARTTLS (RFC 9051 sections 2.2, 6.2.1 and 7.1)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import Dissected
from analyzer.dissecting.starttls import Upgrade, tls_at, upgraded

SERVICE = "imap"

TAG = rb"[!#$&',-.0-9:;<=>?@A-Z^_`a-z|}~/\[]{1,64}"
GREETING = re.compile(rb"\* (?:OK|PREAUTH|BYE)[ \[\r]")
COMMAND = re.compile(
    TAG + rb" (?i:CAPABILITY|NOOP|LOGOUT|STARTTLS|AUTHENTICATE|LOGIN|ID|ENABLE|SELECT|EXAMINE|LIST|LSUB|STATUS"
    rb"|NAMESPACE|COMPRESS)[ \r\n]"
)
UPGRADE = Upgrade(re.compile(rb"(" + TAG + rb") (?i:STARTTLS) *"), re.compile(rb"(" + TAG + rb") (?i:OK)(?: .*)?"))


def dissect(talk: Conversation) -> Dissected | None:
    """Service imap, with the session where STARTTLS was agreed to. Nothing of a login or a mail is kept."""
    for client, server, turned in talk.sides():
        commanded = bool(COMMAND.match(client))
        if GREETING.match(server) and (commanded or not client):
            at = tls_at(client, server, UPGRADE)
            return upgraded(SERVICE, at, turned=turned)
    return None
