"""SMTP by its greeting and its first command, and TLS behind STARTTLS (RFC 5321 sections 3 and 4, RFC 3207)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import Dissected
from analyzer.dissecting.starttls import Upgrade, tls_at, upgraded

SERVICE = "smtp"

GREETING = re.compile(rb"(?:220|421|554)[ -]")
NAMED = re.compile(rb"(?:220|421|554)[ -][^\r\n]{0,512}SMTP")
COMMAND = re.compile(rb"(?i:EHLO|HELO|LHLO) +[^\s]|(?i:MAIL) +(?i:FROM): *<")
# X-ANONYMOUSTLS is STARTTLS between Exchange servers ([MS-SMTPNTLM] and [MS-OXSMTP] leave it to the product)
UPGRADE = Upgrade(re.compile(rb"(?i:STARTTLS|X-ANONYMOUSTLS) *"), re.compile(rb"220(?:[ -].*)?"))


def dissect(talk: Conversation) -> Dissected | None:
    """Service smtp, with the session where STARTTLS was agreed to. Nothing of a mail or its envelope is kept."""
    for client, server, turned in talk.sides():
        greeted = bool(GREETING.match(server))
        commanded = bool(COMMAND.match(client))
        if (commanded and (greeted or not server)) or (NAMED.match(server) and (commanded or not client)):
            at = tls_at(client, server, UPGRADE)
            return upgraded(SERVICE, at, turned=turned)
    return None
