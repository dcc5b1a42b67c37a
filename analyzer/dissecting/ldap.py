"""LDAP by its messages, and TLS behind the extended operation StartTLS (RFC 4511 sections 4.1, 4.12 and 4.14).

Over UDP it is the search by which Windows finds its domain controllers ([MS-ADTS] section 6.3.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.conversations import Conversation
from analyzer.dissecting import ber
from analyzer.dissecting.dissected import PAYLOAD, UDP, Dissected
from analyzer.dissecting.starttls import begins, upgraded

SERVICE = "ldap"

SEQUENCE, INTEGER, ENUMERATED, NAME, CONTROLS = 0x30, 0x02, 0x0A, 0x80, 0xA0
EXTENDED, ANSWER = 0x77, 0x78
REQUESTS = frozenset({0x42, 0x4A, 0x50, 0x60, 0x63, 0x66, 0x68, 0x6C, 0x6E, EXTENDED})
SEARCH = frozenset({0x63, 0x64, 0x65, 0x50})  # all that there is over UDP: request, entry, result, abandon
RESPONSES = frozenset({0x61, 0x64, 0x65, 0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x73, ANSWER, 0x79})
START_TLS = b"1.3.6.1.4.1.1466.20037"
MAX_MESSAGES = 64
MAX_NUMBER_OCTETS = 4


class Operation(NamedTuple):
    """One message: its id, the tag of its operation, the operation's octets, and where the message ends."""

    number: bytes
    tag: int
    octets: bytes
    end: int


def dissect(talk: Conversation) -> Dissected | None:
    """Service ldap, with the session where StartTLS succeeded. Nothing of a bind or a search is kept."""
    if talk.proto == UDP:
        first = talk.messages[0].octets if talk.messages else b""
        return Dissected(SERVICE, PAYLOAD) if next(operations(first, SEARCH), None) else None
    for client, server, turned in talk.sides():
        asked, answered = list(operations(client, REQUESTS)), list(operations(server, RESPONSES))
        if (client and not asked) or (server and not answered) or not (asked or answered):
            continue
        at = _tls_at(client, server, asked, answered)
        return upgraded(SERVICE, at, turned=turned)
    return None


def operations(octets: bytes, tags: frozenset[int]) -> Iterator[Operation]:
    """The messages that a stream begins with, up to one that is none or whose operation is not of these tags."""
    at = 0
    for _ in range(MAX_MESSAGES):
        outer = ber.read(octets, at)
        number = ber.read(octets, outer.begin) if outer and outer.tag == SEQUENCE else None
        inner = ber.read(octets, number.end) if number and number.tag == INTEGER else None
        if not outer or not number or not inner or not 1 <= number.end - number.begin <= MAX_NUMBER_OCTETS:
            return
        alone = inner.end == outer.end or octets[inner.end : inner.end + 1] in (b"", bytes([CONTROLS]))
        if inner.tag not in tags or inner.end > outer.end or not alone:
            return
        yield Operation(octets[number.begin : number.end], inner.tag, octets[inner.begin : inner.end], outer.end)
        at = outer.end


def _tls_at(client: bytes, server: bytes, asked: list[Operation], answered: list[Operation]) -> tuple[int, int] | None:
    """Where TLS begins in both streams: behind the request and behind its answer, if that is a success."""
    request = next((one for one in asked if one.tag == EXTENDED and _name(one.octets) == START_TLS), None)
    if request is None:
        return None
    answer = next((one for one in answered if one.tag == ANSWER and one.number == request.number), None)
    success = bytes([ENUMERATED, 1, 0])
    if server and (answer is None or not answer.octets.startswith(success)):
        return None
    at = request.end, answer.end if answer else 0
    more = len(client) > at[0] or len(server) > at[1]
    return at if more and begins(client, at[0]) and begins(server, at[1]) else None


def _name(octets: bytes) -> bytes:
    """The name of an extended request."""
    name = ber.read(octets)
    return octets[name.begin : name.end] if name and name.tag == NAME else b""
