"""CoAP over UDP by messages whose options fill them (RFC 7252 section 3)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree, firsts

SERVICE = "coap"
PORT = 5683
METHODS = range(1, 8)
ANSWERS = frozenset(
    {*range(0x41, 0x46), 0x5F, *range(0x80, 0x87), 0x88, 0x89, 0x8C, 0x8D, 0x8F, 0x95, *range(0xA0, 0xA6)}
)
OPTIONS = frozenset(
    {1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 23, 27, 28, 31, 35, 39, 60, 252, 258}
)
MAX_OPTIONS = 32
PAYLOAD_MARKER = 0xFF


def dissect(talk: Conversation) -> Dissected | None:
    """Service coap: payload by an answer to a request, partial on its port by one direction."""
    if not agree(talk, is_message):
        return None
    orig, resp = firsts(talk)
    for asked, answered in ((orig, resp), (resp, orig)):
        if asked and answered and asked[0][1] in METHODS and _answers(asked[0], answered[0]):
            return Dissected(SERVICE, PAYLOAD)
    return Dissected(SERVICE, PARTIAL) if PORT in {talk.orig_p, talk.resp_p} else None


def _answers(asked: bytes, answered: bytes) -> bool:
    """Whether a message answers another: its token, or acknowledges its message id (section 5.3.2, 4.2)."""
    token = asked[4 : 4 + (asked[0] & 15)]
    acknowledges = answered[0] >> 4 & 3 in {2, 3} and answered[2:4] == asked[2:4] and answered[1] not in METHODS
    return acknowledges or (len(token) > 1 and answered[1] in ANSWERS and answered[4 : 4 + (answered[0] & 15)] == token)


def is_message(octets: bytes) -> bool:
    """Whether a datagram is version 1, empty, a request or a response, with options that are registered."""
    if len(octets) < 4 or octets[0] >> 6 != 1 or octets[0] & 15 > 8:
        return False
    if octets[1] == 0:
        return len(octets) == 4
    if octets[1] not in METHODS and octets[1] not in ANSWERS:
        return False
    return _has_options(octets, 4 + (octets[0] & 15))


def _has_options(octets: bytes, at: int) -> bool:
    number = 0
    for _ in range(MAX_OPTIONS):
        if at >= len(octets):
            return at == len(octets)
        if octets[at] == PAYLOAD_MARKER:
            return at + 1 < len(octets)
        delta, at_length = _extended(octets, octets[at] >> 4, at + 1)
        length, at_value = _extended(octets, octets[at] & 15, at_length)
        if delta < 0 or length < 0:
            return False
        number += delta
        if number not in OPTIONS and number < 2048:
            return False
        at = at_value + length
    return False


def _extended(octets: bytes, nibble: int, at: int) -> tuple[int, int]:
    """The value of a delta or length and the offset behind it, -1 where it is reserved or cut (section 3.1)."""
    if nibble < 13:
        return nibble, at
    if nibble == 13:
        return (octets[at] + 13, at + 1) if at < len(octets) else (-1, at)
    if nibble == 14 and at + 1 < len(octets):
        return int.from_bytes(octets[at : at + 2], "big") + 269, at + 2
    return -1, at
