"""RADIUS by messages whose attributes fill them (RFC 2865 section 3, RFC 2866, RFC 5176)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree, firsts

SERVICE = "radius"
PORTS = frozenset({1812, 1813, 1645, 1646, 3799})
HEADER = 20  # code, id, length (2), authenticator (16)
# Code of a request and those of its answers; 12 asks for the status of the server.
ANSWERS = {1: {2, 3, 11}, 4: {5}, 12: {2, 5}, 40: {41, 42}, 43: {44, 45}}
CODES = frozenset({*ANSWERS, *(code for codes in ANSWERS.values() for code in codes)})
MAX_ATTRIBUTES = 256


def dissect(talk: Conversation) -> Dissected | None:
    """Service radius: payload by a request and its answer, partial on its ports by one direction."""
    if not agree(talk, is_message):
        return None
    orig, resp = firsts(talk)
    for asked, answered in ((orig, resp), (resp, orig)):
        if asked and answered and answered[0][0] in ANSWERS.get(asked[0][0], ()) and asked[0][1] == answered[0][1]:
            return Dissected(SERVICE, PAYLOAD)
    return Dissected(SERVICE, PARTIAL) if PORTS & {talk.orig_p, talk.resp_p} else None


def is_message(octets: bytes) -> bool:
    """Whether a datagram has a known code and its own length, and attributes to its end."""
    if len(octets) < HEADER or octets[0] not in CODES or int.from_bytes(octets[2:4], "big") != len(octets):
        return False
    at = HEADER
    for _ in range(MAX_ATTRIBUTES):
        if at >= len(octets):
            break
        length = octets[at + 1] if at + 1 < len(octets) else 0
        if not octets[at] or length < 2:
            return False
        at += length
    return at == len(octets)
