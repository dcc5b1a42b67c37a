"""DNS messages, in plain Python: RFC 1035 section 4, with every bound that hostile octets need."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

A, CNAME, AAAA = 1, 5, 28
MAX_JUMPS = 32
MAX_ANSWERS = 64
MAX_TEXT = 1024
LAST_OPCODE = 6


class Message(NamedTuple):
    """One message: `answers` are (type, text, TTL) of the addresses and aliases in the answer section."""

    id: int
    flags: int
    query: str
    qtype: int
    answers: tuple

    @property
    def is_answer(self):
        """Whether it is an answer."""
        return self.flags & 0x8000 > 0


class MalformedError(Exception):
    """The octets are no DNS message."""


def parse(octets):
    """The Message in a datagram, None where it is none."""
    try:
        return parse_message(octets)
    except MalformedError:
        return None


def parse_message(octets):
    if len(octets) < 12:
        raise MalformedError
    number, flags, questions, records = struct.unpack(">HHHH", octets[:8])
    answer = flags & 0x8000 > 0
    if flags >> 11 & 15 > LAST_OPCODE or flags & 0x0040 or questions > 1 or (not answer and not questions):
        raise MalformedError
    at, query, qtype = 12, "", 0
    if questions:
        query, at = read_name(octets, at)
        if len(octets) - at < 4:
            raise MalformedError
        qtype = struct.unpack(">H", octets[at : at + 2])[0]
        at += 4
    return Message(number, flags, query, qtype, tuple(read_answers(octets, at, records)) if answer else ())


def read_answers(octets, at, records):
    """Those answers that can be read before the first that cannot."""
    found = []
    for _ in range(records):
        try:
            _, at = read_name(octets, at)
            if len(octets) - at < 10:
                break
            kind, _, ttl, length = struct.unpack(">HHIH", octets[at : at + 10])
            at += 10
            if length > len(octets) - at:
                break
            if len(found) < MAX_ANSWERS:
                found += read_answer(octets, at, kind, ttl, length)
        except MalformedError:
            break
        at += length
    return found


def read_answer(octets, at, kind, ttl, length):
    data = octets[at : at + length]
    if kind == A and length == 4:
        return [(kind, str(ipaddress.IPv4Address(data)), ttl)]
    if kind == AAAA and length == 16:
        return [(kind, str(ipaddress.IPv6Address(data)), ttl)]
    if kind == CNAME and length:
        return [(kind, read_name(octets, at)[0], ttl)]
    return []


def read_name(octets, at):
    """(name in lower case without final dot, offset after it)."""
    labels, after, jumps, room = [], None, 0, MAX_TEXT
    while at < len(octets):
        length = octets[at]
        if length == 0:
            return ".".join(labels), at + 1 if after is None else after
        if length >= 0xC0:
            if at + 2 > len(octets):
                break
            after = at + 2 if after is None else after
            at = struct.unpack(">H", octets[at : at + 2])[0] & 0x3FFF
            jumps += 1
            if jumps > MAX_JUMPS:
                break
        elif length > 63 or at + 1 + length > len(octets) or 4 * length + 1 > room:
            break
        else:
            label = "".join(map(written, octets[at + 1 : at + 1 + length].lower()))
            room -= len(label) + bool(labels)
            labels.append(label)
            at += 1 + length
    raise MalformedError


def written(octet):
    """An octet of a label in presentation form (RFC 4343 section 2.1)."""
    if octet in b".\\":
        return "\\" + chr(octet)
    return chr(octet) if 33 <= octet <= 126 else f"\\{octet:03d}"
