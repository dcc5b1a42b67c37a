"""PostgreSQL by its first message, and TLS behind SSLRequest (PostgreSQL 17, sections 53.2 and 53.7)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.starttls import begins, upgraded

SERVICE = "postgresql"

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
GSS_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x30"
CANCEL = b"\x04\xd2\x16\x2e"
CANCEL_OCTETS = 16
MAJOR = b"\x00\x03"  # of the protocol's version
USER = b"user\x00"  # the one parameter that every start must have
MAX_START = 10000  # octets, as the server has it
ASKED = len(SSL_REQUEST)


def dissect(talk: Conversation) -> Dissected | None:
    """Service postgresql, with the session where the server answered S. Nothing of a login or a query is kept."""
    for client, server, turned in talk.sides():
        at, answered = 0, 0
        while client[at : at + ASKED] in (SSL_REQUEST, GSS_REQUEST) and answered <= 1:
            asked = client[at : at + ASKED]
            at += ASKED
            answer = server[answered : answered + 1]
            answered += 1 if server else 0
            more = len(client) > at or len(server) > answered
            if asked == SSL_REQUEST and answer in (b"S", b"") and more and begins(client, at):
                begin = at, answered
                return upgraded(SERVICE, begin, turned=turned)
            if not server:
                break
        if at or _starts(client):
            return Dissected(SERVICE, PAYLOAD)
    return None


def _starts(octets: bytes) -> bool:
    """Whether a stream begins with the start of a session, or with the wish to cancel what another one does."""
    length = int.from_bytes(octets[:4], "big")
    if length == CANCEL_OCTETS == len(octets) and octets[4:8] == CANCEL:
        return True
    return octets[4:6] == MAJOR and 8 < length <= MAX_START and USER in octets[8:length]
