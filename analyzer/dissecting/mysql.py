"""MySQL and MariaDB by the server's greeting, and TLS behind the client's SSL request.

Source: MySQL Internals, "Protocol::HandshakeV10", "Protocol::SSLRequest"; mariadb.com/kb/en/connection.
"""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.starttls import begins, upgraded

SERVICE = "mysql"

HEADER = 4  # octets: length (3, little-endian), number
GREETING = re.compile(rb"\x0a[0-9][ -~]{2,62}\x00", re.DOTALL)  # protocol 10 and the server's version
LEAST = 31  # octets of a greeting behind its version: salt, capabilities, filler
TLS = 0x0800  # capability CLIENT_SSL
LONG_REQUEST, SHORT_REQUEST = 32, 5  # octets of an SSL request, since 4.1 and before
FILLER = bytes(19)


def dissect(talk: Conversation) -> Dissected | None:
    """Service mysql, with the session where the client asks for TLS. Nothing of a login or a query is kept."""
    for client, server, turned in talk.sides():
        greeted, asked = _greeting(server), _request(client)
        if not (greeted or (asked and not server)):
            continue
        at = asked, greeted
        if asked and len(client) + len(server) > asked + greeted and begins(client, asked):
            return upgraded(SERVICE, at, turned=turned)
        if greeted:
            return Dissected(SERVICE, PAYLOAD)
    return None


def _greeting(octets: bytes) -> int:
    """Where the server's greeting ends, 0 where it does not begin with one."""
    length = int.from_bytes(octets[:3], "little")
    found = GREETING.match(octets, HEADER)
    if not found or octets[3] or length < found.end() - HEADER + LEAST - 18 or len(octets) < HEADER + length:
        return 0
    return HEADER + length


def _request(octets: bytes) -> int:
    """Where the client's SSL request ends, 0 where it does not begin with one."""
    length = int.from_bytes(octets[:3], "little")
    flags = int.from_bytes(octets[HEADER : HEADER + 2], "little")
    if octets[3:4] != b"\x01" or not flags & TLS or length not in (LONG_REQUEST, SHORT_REQUEST):
        return 0
    if length == LONG_REQUEST and octets[HEADER + 9 : HEADER + 28] != FILLER:
        return 0
    return HEADER + length
