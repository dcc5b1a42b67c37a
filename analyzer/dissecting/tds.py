"""TDS, the protocol of Microsoft SQL Server and Sybase, by its first packets, and the TLS inside them.

A TLS handshake travels in packets of type pre-login, what follows on it in TLS records as they are.
Source: [MS-TDS] sections 2.2.3, 2.2.6.4, 2.2.6.5 and 3.2.5; "TDS 5.0 Functional Specification", login record.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzer.conversations import Conversation, Mark, Stream
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.starttls import RECORDS, VIA

SERVICE = "tds"

HEADER = 8  # octets: type, status, length (2), process (2), number, window
LOGIN_5, RESPONSE, LOGIN_7, PRE_LOGIN = 0x02, 0x04, 0x10, 0x12
MAX_PACKET = 32767
MAX_PACKETS = 64
VERSION, TERMINATOR = 0x00, 0xFF  # tokens of a pre-login
MAX_TOKEN = 0x08
LOGIN_5_OCTETS = 512
VERSION_AT = 4, 8  # of a LOGIN7: behind its own length
SENT = (0x14, 0x15, 0x16, 0x17)  # types of TLS records


class Packet(NamedTuple):
    """A packet: its type, and where its contents begin and end in the stream."""

    kind: int
    begin: int
    end: int


def dissect(talk: Conversation) -> Dissected | None:
    """Service tds, with the session where TLS follows on the pre-login. Nothing of a login or a query is kept."""
    for client, server in ((talk.orig, talk.resp), (talk.resp, talk.orig)):
        asked, answered = _packet(client.octets, 0), _packet(server.octets, 0)
        if (client.octets and not asked) or (server.octets and (not answered or answered.kind != RESPONSE)):
            continue
        if asked and asked.kind == PRE_LOGIN and _is_pre_login(client.octets[asked.begin : asked.end]):
            inner = _tls_of(client, asked.end), _tls_of(server, answered.end if answered else 0)
            if inner[0].octets or inner[1].octets:
                return Dissected(SERVICE, PAYLOAD, (), (0, 0), VIA, inner)
            return Dissected(SERVICE, PAYLOAD)
        if asked and _is_login(client.octets, asked) and (answered or asked.kind == LOGIN_7):
            return Dissected(SERVICE, PAYLOAD)
    return None


def _packet(octets: bytes, at: int) -> Packet | None:
    """The packet at `at`, as far as it is there."""
    if len(octets) - at < HEADER or octets[at + 7] or octets[at + 1] > 1:
        return None
    length = int.from_bytes(octets[at + 2 : at + 4], "big")
    if not HEADER < length <= MAX_PACKET:
        return None
    return Packet(octets[at], at + HEADER, at + length)


def _is_pre_login(octets: bytes) -> bool:
    """Whether it is a list of tokens (type, offset, length) that begins with the version and ends inside the packet."""
    at = 0
    while at + 5 <= len(octets) and octets[at] <= MAX_TOKEN:
        place, size = (int.from_bytes(octets[k : k + 2], "big") for k in (at + 1, at + 3))
        if place + size > len(octets):
            return False
        at += 5
    return at > 0 and octets[0] == VERSION and octets[at : at + 1] == bytes([TERMINATOR])


def _is_login(octets: bytes, packet: Packet) -> bool:
    """Whether it is a login of TDS 7, whose length and version stand in it, or the first packet of one of TDS 5."""
    body = octets[packet.begin : packet.end]
    if packet.kind == LOGIN_7:
        version = int.from_bytes(body[slice(*VERSION_AT)], "little")
        return int.from_bytes(body[:4], "little") >= len(body) > VERSION_AT[1] and 0x70 <= version >> 24 <= 0x7F
    return packet.kind == LOGIN_5 and packet.end == LOGIN_5_OCTETS


def _tls_of(stream: Stream, at: int) -> Stream:
    """The TLS records of one side from `at` on: out of packets, then as they are."""
    octets = stream.octets
    made = bytearray()
    marks: list[Mark] = []
    for _ in range(MAX_PACKETS):
        packet = _packet(octets, at) if octets[at : at + 1] == bytes([PRE_LOGIN]) else None
        begin, end = (packet.begin, packet.end) if packet else (at, len(octets))
        if begin >= len(octets) or (
            not packet and (octets[at] not in SENT or octets[at + 1 : at + 2] not in (b"", b"\3"))
        ):
            break
        marks.append(Mark(len(made), *stream.at(begin)[1:]))
        marks += [
            Mark(len(made) + offset - begin, ts_ns, frame)
            for offset, ts_ns, frame in stream.marks
            if begin < offset < end
        ]
        made += octets[begin:end]
        at = end
    return Stream(bytes(made), tuple(marks)) if made[:2] in RECORDS else Stream()
