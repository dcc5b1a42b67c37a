"""FTP's control connection by greeting and commands, and where TLS begins in it (RFC 959 section 4, RFC 4217)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, Dissected
from analyzer.dissecting.starttls import Upgrade, tls_at, upgraded

SERVICE = "ftp"
PORT = 21
GREETING = re.compile(rb"(?:220|120|421|500|530)[ -]")
COMMAND = re.compile(
    rb"(?i)(?:USER [^\r\n]{1,128}|AUTH (?:TLS|SSL|TLS-[CP])|FEAT|SYST|OPTS UTF8 ON|CLNT [^\r\n]{1,128})\r\n"
)
OWN_WORDS = re.compile(rb"(?i)220[ -][^\r\n]{0,256}\bFTP\b")
UPGRADE = Upgrade(re.compile(rb"(?i:AUTH) +(?i:TLS(?:-[CP])?|SSL)"), re.compile(rb"[23]34[ -].*"))


def dissect(talk: Conversation) -> Dissected | None:
    """Service ftp: payload by a greeting and a command of FTP, partial by one that names itself; `tls_at` after AUTH.

    What stands behind USER and PASS is not kept. SMTP greets with 220 too; POP3 and IRC know USER too.
    """
    for client, server, turned in talk.sides():
        if GREETING.match(server) and COMMAND.match(client):
            at = tls_at(client, server, UPGRADE)
            return upgraded(SERVICE, at, turned=turned)
        if not client and OWN_WORDS.match(server):
            return Dissected(SERVICE, PARTIAL)
        if not server and COMMAND.match(client) and PORT in {talk.orig_p, talk.resp_p}:
            return Dissected(SERVICE, PARTIAL)
    return None
