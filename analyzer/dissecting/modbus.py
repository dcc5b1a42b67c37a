"""Modbus/TCP, by answers that repeat a request's transaction and function (Modbus Messaging on TCP/IP 1.0b)."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "modbus"
PORT = 502
HEADER = 7  # transaction (2), protocol 0 (2), length of what follows (2), unit (1)
MAX_ADUS = 64
EXCEPTION = 0x80

# Modbus Application Protocol 1.1b3 section 6: functions whose request has one length (of unit, function and data).
FIXED_REQUESTS = {1: 6, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6, 7: 2, 11: 2, 12: 2, 17: 2, 22: 8, 24: 4}


class Adu(NamedTuple):
    """One application data unit: its transaction, the length it claims, unit, function and the octets after that."""

    transaction: int
    length: int
    unit: int
    function: int
    data: bytes


def dissect(talk: Conversation) -> Dissected | None:
    """Service modbus: payload where an answer repeats a request's transaction, unit and function.

    One direction alone is partial: on port 502 by one well-formed unit, elsewhere by two.
    """
    if talk.orig.octets[2:4] != b"\0\0" and talk.resp.octets[2:4] != b"\0\0":
        return None
    orig, resp = read_adus(talk.orig.octets), read_adus(talk.resp.octets)
    if orig and resp:
        return Dissected(SERVICE, PAYLOAD) if _match(orig, resp) or _match(resp, orig) else None
    if (talk.orig.octets and not orig) or (talk.resp.octets and not resp):
        return None
    if PORT in {talk.resp_p, talk.orig_p}:
        needed, to_server = 1, bool(orig) == (talk.resp_p == PORT)
        fits = is_request if to_server else is_answer
    else:
        needed, fits = 2, is_request
    adus = orig or resp
    return Dissected(SERVICE, PARTIAL) if len(adus) >= needed and all(fits(adu) for adu in adus) else None


def read_adus(octets: bytes) -> list[Adu]:
    """The units of a stream in order; none where a header is not Modbus. The last one may be cut."""
    adus: list[Adu] = []
    at = 0
    while len(octets) - at > HEADER and len(adus) < MAX_ADUS:
        length = int.from_bytes(octets[at + 4 : at + 6], "big")
        if octets[at + 2 : at + 4] != b"\0\0" or not 2 <= length <= 254:
            return []
        data = octets[at + HEADER + 1 : at + 6 + length]
        adus.append(Adu(int.from_bytes(octets[at : at + 2], "big"), length, octets[at + 6], octets[at + HEADER], data))
        at += 6 + length
    return adus


def is_request(adu: Adu) -> bool:
    """Whether a unit has the length that a request of its function has; unknown functions have any."""
    if adu.function in {15, 16}:
        return adu.length == 7 + (adu.data[4] if len(adu.data) > 4 else -1)
    if adu.function == 23:
        return adu.length == 11 + (adu.data[8] if len(adu.data) > 8 else -1)
    return 0 < adu.function < EXCEPTION and adu.length == FIXED_REQUESTS.get(adu.function, adu.length)


def is_answer(adu: Adu) -> bool:
    """Whether a unit has the length that an answer of its function has; unknown functions have any."""
    if adu.function >= EXCEPTION:
        return adu.length == 3
    if adu.function in {1, 2, 3, 4, 12, 17, 20, 21, 23}:
        return adu.length == 3 + (adu.data[0] if adu.data else -1)
    return adu.length == {5: 6, 6: 6, 7: 3, 11: 6, 15: 6, 16: 6, 22: 8}.get(adu.function, adu.length)


def _match(requests: list[Adu], answers: list[Adu]) -> bool:
    """Whether an answer in an answer's form belongs to a request in a request's form."""
    asked = {(adu.transaction, adu.unit, adu.function) for adu in requests if is_request(adu)}
    return any((adu.transaction, adu.unit, adu.function & 0x7F) in asked and is_answer(adu) for adu in answers)
