"""Where TLS begins behind lines of text: the last line of each side asks for it and agrees to it.

The services here are named only where they upgrade; SMTP, IMAP, POP3 and FTP, which have modules of their own, use the
same reading. Source: RFC 4642 section 2.2 (NNTP), RFC 5804 section 2.2 (ManageSieve),
ircv3.net/specs/deprecated/tls (IRC).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "starttls"
VIA = "starttls"
MAX_LINE = 1024
RECORDS = (b"\x16\x03", b"\x15\x03")  # handshake, alert (RFC 8446 section 5.1)


class Upgrade(NamedTuple):
    """The line of a client that asks for TLS, and that of the server that agrees; a group must be equal in both."""

    ask: re.Pattern[bytes]
    agree: re.Pattern[bytes]


UPGRADES = {
    "nntp": Upgrade(re.compile(rb"(?i:STARTTLS)"), re.compile(rb"382[ -].*")),
    "sieve": Upgrade(re.compile(rb"(?i:STARTTLS)"), re.compile(rb"(?i:OK)(?: .*)?")),
    "irc": Upgrade(re.compile(rb"(?i:STARTTLS)"), re.compile(rb":[^ ]+ 670 .*")),
}


def dissect(talk: Conversation) -> Dissected | None:
    """The service whose upgrade was asked for and agreed to, and where TLS begins."""
    for client, server, turned in talk.sides():
        if not client or not server or _ends(client, server) is None:
            continue
        for service, upgrade in UPGRADES.items():
            at = tls_at(client, server, upgrade)
            if at is not None:
                return upgraded(service, at, turned=turned)
    return None


def upgraded(service: str, at: tuple[int, int] | None, *, turned: bool) -> Dissected:
    """The service by payload, and where TLS begins in the client's and the server's stream, None for nowhere.

    turned  the responder is the client
    """
    if at is None:
        return Dissected(service, PAYLOAD)
    return Dissected(service, PAYLOAD, (), at[::-1] if turned else at, VIA)


def tls_at(client: bytes, server: bytes, upgrade: Upgrade) -> tuple[int, int] | None:
    """Where TLS begins in both streams, None where it does not. A side that was not captured may have said anything."""
    at = _ends(client, server)
    if at is None:
        return None
    asked = upgrade.ask.fullmatch(_last_line(client, at[0]))
    agreed = upgrade.agree.fullmatch(_last_line(server, at[1]))
    if (client and not asked) or (server and not agreed):
        return None
    if asked and agreed and asked.groups() != agreed.groups():
        return None
    return at


def _ends(client: bytes, server: bytes) -> tuple[int, int] | None:
    """Where the lines of both streams end and records of TLS begin, None where none do in either."""
    at = _text_end(client), _text_end(server)
    return None if at == (len(client), len(server)) else at


def _text_end(octets: bytes) -> int:
    """Where in a stream of lines a record of TLS begins, its end where none does."""
    places = [octets.find(b"\n" + record) for record in RECORDS]
    return min((place + 1 for place in places if place >= 0), default=len(octets))


def begins(octets: bytes, at: int) -> bool:
    """Whether nothing or a record of TLS stands at an offset of a stream."""
    return octets[at : at + 2] in (b"", b"\x16", b"\x15", *RECORDS)


def _last_line(octets: bytes, end: int) -> bytes:
    """The line that ends at `end`, without its end."""
    line = octets[max(end - MAX_LINE, 0) : end].removesuffix(b"\n").removesuffix(b"\r")
    return line[line.rfind(b"\n") + 1 :]
