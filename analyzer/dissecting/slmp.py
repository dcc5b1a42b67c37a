"""Mitsubishi's SLMP and MC protocol in binary 3E and 4E frames (Mitsubishi SH-080956ENG, chapter 4; CLPA BAP-C2006)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import Dissected
from analyzer.dissecting.turns import agree

SERVICE = "slmp"
# Subheader by direction: request and answer, without and with a serial number (two octets and two of zero).
REQUESTS = {b"\x50\x00": 2, b"\x54\x00": 6}
ANSWERS = {b"\xd0\x00": 2, b"\xd4\x00": 6}
MODULES = frozenset({0x03FF, *range(0x03D0, 0x03D4), *range(0x03E0, 0x03E4)})  # request destination module I/O


def dissect(talk: Conversation) -> Dissected | None:
    """Service slmp: payload by a request and its answer, partial by one direction."""
    certainty = agree(talk, is_request, is_answer)
    return Dissected(SERVICE, certainty) if certainty else None


def is_request(octets: bytes) -> bool:
    """Whether octets open with a request frame: its route, and the length of timer, command and data."""
    return _is_frame(octets, REQUESTS, 6)


def is_answer(octets: bytes) -> bool:
    """Whether octets open with an answer frame: its route, and the length of end code and data."""
    return _is_frame(octets, ANSWERS, 2)


def _is_frame(octets: bytes, subheaders: dict[bytes, int], least: int) -> bool:
    at = subheaders.get(octets[:2], 0)  # of network, station, module (2), multidrop station, length (2)
    if not at or len(octets) < at + 7 + least or (at == 6 and octets[4:6] != b"\0\0"):
        return False
    length = int.from_bytes(octets[at + 5 : at + 7], "little")
    after = octets[at + 7 + length :][:2]
    known = int.from_bytes(octets[at + 2 : at + 4], "little") in MODULES and octets[at] < 240 and octets[at + 4] < 32
    return known and length >= least and (not after or after in subheaders)
