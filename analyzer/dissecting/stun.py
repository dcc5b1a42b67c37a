"""STUN and TURN by the header of their messages, over UDP and TCP (RFC 8489 section 5; RFC 3489 without the cookie)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, UDP, Dissected
from analyzer.dissecting.turns import firsts

SERVICE = "stun"
COOKIE = b"\x21\x12\xa4\x42"
HEADER = 20  # type (2), length (2), cookie (4), transaction (12); without the cookie the transaction has 16
CLASSIC = frozenset({0x0001, 0x0101, 0x0111})  # binding request, response, error (RFC 3489 section 11.1)
CLASSIC_ATTRIBUTES = frozenset({*range(1, 12), 0x8020, 0x8022})
MAX_ATTRIBUTES = 32


def dissect(talk: Conversation) -> Dissected | None:
    """Service stun by a first message with the cookie; without it, payload by an answer of the same transaction."""
    orig, resp = firsts(talk)
    first = [side[0] for side in (orig, resp) if side]
    if not first or not all(_is_headed(octets) for octets in first):
        return None
    if all(octets[4:8] == COOKIE and _ends_well(octets, talk.proto) for octets in first):
        return Dissected(SERVICE, PAYLOAD)
    if not all(_is_classic(octets) for octets in first):
        return None
    if len(first) == 1:
        return Dissected(SERVICE, PARTIAL)
    same = first[0][4:HEADER] == first[1][4:HEADER] and first[0][:2] != first[1][:2]
    return Dissected(SERVICE, PAYLOAD) if same else None


def _is_headed(octets: bytes) -> bool:
    return len(octets) >= HEADER and octets[0] < 0x40 and octets[3] & 3 == 0


def _ends_well(octets: bytes, proto: int) -> bool:
    """Whether a datagram is as long as it says; a stream may hold more."""
    length = HEADER + int.from_bytes(octets[2:4], "big")
    return length == len(octets) if proto == UDP else length <= len(octets)


def _is_classic(octets: bytes) -> bool:
    """Whether a datagram is a binding message whose attributes, of known types, fill it."""
    end = HEADER + int.from_bytes(octets[2:4], "big")
    if int.from_bytes(octets[:2], "big") not in CLASSIC or end != len(octets) or not any(octets[4:HEADER]):
        return False
    at = HEADER
    for _ in range(MAX_ATTRIBUTES):
        if at >= end:
            break
        if int.from_bytes(octets[at : at + 2], "big") not in CLASSIC_ATTRIBUTES:
            return False
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        at += 4 + length + -length % 4
    return at == end
