"""FTP's control connection by greeting and commands, and where TLS begins in it (RFC 959 section 4, RFC 4217)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, Dissected

SERVICE = "ftp"
PROTOS: tuple[int, ...] = (TCP,)
FIRST_OCTETS = frozenset(b"1245UAFSOCuafsoc")
PORT = 21
LOOK = 4096  # octets within which AUTH and its answer stand
GREETING = re.compile(rb"(?:220|120|421|500|530)[ -]")
COMMAND = re.compile(
    rb"(?i)(?:USER [^\r\n]{1,128}|AUTH (?:TLS|SSL|TLS-[CP])|FEAT|SYST|OPTS UTF8 ON|CLNT [^\r\n]{1,128})\r\n"
)
OWN_WORDS = re.compile(rb"(?i)220[ -][^\r\n]{0,256}\bFTP\b")
AUTH = re.compile(rb"(?i)AUTH (?:TLS|SSL|TLS-[CP])\r\n")
ACCEPTED = re.compile(rb"(?m)^(?:234|334) [^\r\n]{0,256}\r\n")


def dissect(talk: Conversation) -> Dissected | None:
    """Service ftp: payload by a greeting and a command of FTP, partial by one that names itself; `tls_at` after AUTH.

    What stands behind USER and PASS is not kept. SMTP greets with 220 too; POP3 and IRC know USER too.
    """
    for client, server, turned in (
        (talk.orig.octets, talk.resp.octets, False),
        (talk.resp.octets, talk.orig.octets, True),
    ):
        if GREETING.match(server) and COMMAND.match(client):
            tls_at = _tls_at(client, server)
            if tls_at and turned:
                tls_at = tls_at[1], tls_at[0]
            return Dissected(SERVICE, PAYLOAD, (), tls_at, "starttls" if tls_at else "")
        if not client and OWN_WORDS.match(server):
            return Dissected(SERVICE, PARTIAL)
        if not server and COMMAND.match(client) and PORT in {talk.orig_p, talk.resp_p}:
            return Dissected(SERVICE, PARTIAL)
    return None


def _tls_at(client: bytes, server: bytes) -> tuple[int, int] | None:
    asked = AUTH.search(client, 0, LOOK)
    accepted = ACCEPTED.search(server, 0, LOOK)
    if not asked or not accepted or client[asked.end() : asked.end() + 1] not in {b"", b"\x16"}:
        return None
    return asked.end(), accepted.end()
