"""HART-IP over TCP and UDP, by answers that repeat a request's message id and sequence (FieldComm HCF_SPEC-085)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree, firsts

SERVICE = "hart-ip"
PORT = 5094
HEADER = 8  # version, message type, message id, status, sequence (2), length of all (2)
REQUEST, RESPONSE, PUBLISH, NAK = 0, 1, 2, 15
INITIATE, CLOSE, KEEP_ALIVE, TOKEN = range(4)
LENGTHS = {INITIATE: {13}, CLOSE: {8}, KEEP_ALIVE: {8}}
MAX_LENGTH = 1024


def dissect(talk: Conversation) -> Dissected | None:
    """Service hart-ip: payload by a request and its answer, partial on its port by one direction."""
    if not agree(talk, _asks, _answers):
        return None
    orig, resp = firsts(talk)
    if orig and resp and orig[0][2] == resp[0][2] and orig[0][4:6] == resp[0][4:6]:
        return Dissected(SERVICE, PAYLOAD)
    return Dissected(SERVICE, PARTIAL) if PORT in {talk.orig_p, talk.resp_p} else None


def _asks(octets: bytes) -> bool:
    return octets[1:2] == b"\0" and is_message(octets)


def _answers(octets: bytes) -> bool:
    return octets[1:2] in {b"\1", b"\2", b"\x0f"} and is_message(octets)


def is_message(octets: bytes) -> bool:
    """Whether octets open with a message whose id has the length that it must."""
    if len(octets) < HEADER or octets[0] not in {1, 2} or octets[2] > TOKEN:
        return False
    length = int.from_bytes(octets[6:8], "big")
    if octets[2] in LENGTHS and octets[1] in {REQUEST, RESPONSE}:
        return length in LENGTHS[octets[2]] and length <= len(octets)
    after = octets[length : length + 1]
    return HEADER < length <= MAX_LENGTH and after in {b"", b"\1", b"\2"}
