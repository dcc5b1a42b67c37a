"""DTLS in datagrams: the handshake in clear of both sides becomes the records of TLS that the one TLS reader takes.

What DTLS adds is taken away (sequence numbers, fragments, the cookie); handshake messages are put together from
fragments in any order. Of several ClientHellos the one that answers a HelloVerifyRequest counts.
Source: RFC 6347 sections 4.1 and 4.2 (DTLS 1.2), RFC 4347 (1.0), RFC 9147 sections 4 and 5 (1.3), RFC 7983 (beside STUN
and SRTP in one flow).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer.conversations import Conversation, Mark, Message, Stream
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "dtls"

HEADER = 13  # octets of a record's header: type, version, epoch, sequence number, length
MESSAGE = 12  # of a handshake message's: type, length, number, offset and length of the fragment
VERSIONS = frozenset({b"\xfe\xff", b"\xfe\xfd", b"\x01\x00"})  # 1.0; 1.2 and 1.3; 1.0 of OpenSSL before 0.9.8f
CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT, CID, ACK = 20, 21, 22, 23, 24, 25, 26
KINDS = range(CCS, ACK + 1)
UNIFIED = range(0x20, 0x40)  # first octet of an encrypted record of DTLS 1.3 (RFC 9147 section 4)
BEGINS = frozenset({*KINDS, *UNIFIED})
HAS_CID, LONG_NUMBER, HAS_LENGTH = 0x10, 0x08, 0x04
CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY = 1, 2, 3
COOKIE_AT = 34  # in a ClientHello, behind version and random, behind the session id

MAX_DATAGRAMS = 64
MAX_RECORDS = 64  # of one datagram
MAX_EPOCH = 16
MAX_NUMBER = 32  # of a handshake message
MAX_MESSAGE = 1 << 16
MAX_BODY = 1 << 14  # of a record of TLS


class Record(NamedTuple):
    """One record: its type (DATA for all of DTLS 1.3 that is encrypted), epoch and body."""

    kind: int
    epoch: int
    body: bytes


class Fragment(NamedTuple):
    """Octets of a handshake message, and the datagram that brought them."""

    offset: int
    octets: bytes
    ts_ns: int
    frame: int


_offset = operator.attrgetter("offset")


@dataclass
class Flight:
    """What one side sent: handshake messages in clear by their number, and the other records in order."""

    kinds: dict[int, tuple[int, int]] = field(default_factory=dict)  # number -> type and length
    fragments: dict[int, list[Fragment]] = field(default_factory=dict)
    others: list[tuple[Record, Message]] = field(default_factory=list)

    def add(self, record: Record, message: Message) -> None:
        """Take one record in."""
        if record.kind != HANDSHAKE or record.epoch:
            self.others.append((record, message))
            return
        for kind, length, number, offset, octets in read_fragments(record.body):
            if self.kinds.setdefault(number, (kind, length)) == (kind, length):
                self.fragments.setdefault(number, []).append(Fragment(offset, octets, message.ts_ns, message.frame))

    def messages(self) -> tuple[list[tuple[int, int, list[Fragment]]], bool]:
        """Type, length and fragments of each message in order, up to one that is missing; whether none is.

        Of ClientHellos that only a HelloVerifyRequest parts, the last is the first here.
        """
        numbers = sorted(self.kinds)
        first = next((number for number in numbers if self._answers(number)), numbers[0] if numbers else 0)
        found = []
        for number in range(first, numbers[-1] + 1 if numbers else 0):
            kind, length = self.kinds.get(number, (0, 1))
            pieces = self.joined(number)
            if pieces:
                found.append((kind, length, pieces))
            if sum(len(piece.octets) for piece in pieces) < length:
                return found, False
        return found, True

    def _answers(self, number: int) -> bool:
        """Whether a message is a ClientHello with a cookie."""
        return self.kinds[number][0] == CLIENT_HELLO and _cookie(self.joined(number))[1] > 0

    def joined(self, number: int) -> list[Fragment]:
        """The fragments of a message that follow each other from its first octet on, less what came twice."""
        whole: list[Fragment] = []
        reached = 0
        for one in sorted(self.fragments.get(number, []), key=_offset):
            if one.offset > reached:
                break
            fresh = one.octets[reached - one.offset :]
            if fresh or not whole:
                whole.append(one._replace(offset=reached, octets=fresh))
                reached += len(fresh)
        return whole


def dissect(talk: Conversation) -> Dissected | None:
    """Service dtls: payload with the session by a hello, partial by encrypted records alone."""
    if not any(message.octets and message.octets[0] in BEGINS for message in talk.messages[:MAX_DATAGRAMS]):
        return None
    sides = Flight(), Flight()
    encrypted = False
    for message in talk.messages[:MAX_DATAGRAMS]:
        records, whole = read_records(message.octets)
        for record in records:
            sides[not message.from_orig].add(record, message)
        encrypted = encrypted or (whole and 0 < records[0].epoch <= MAX_EPOCH and message.octets[0] in KINDS)
    for client, server in (sides, sides[::-1]):
        spoken = {kind for kind, _ in client.kinds.values()}, {kind for kind, _ in server.kinds.values()}
        if CLIENT_HELLO in spoken[0] or spoken[1] & {SERVER_HELLO, HELLO_VERIFY}:
            return Dissected(SERVICE, PAYLOAD, (), (0, 0), SERVICE, (as_tls(client), as_tls(server)))
    return Dissected(SERVICE, PARTIAL) if encrypted else None


def read_records(octets: bytes) -> tuple[list[Record], bool]:
    """The records of a datagram, and whether they are all of it; none where it is something else."""
    found: list[Record] = []
    at = 0
    while at < len(octets) and len(found) < MAX_RECORDS:
        read = _read_encrypted(octets, at) if octets[at] in UNIFIED else _read_record(octets, at)
        if read is None:
            break
        record, at = read
        found.append(record)
    return found, bool(found) and at >= len(octets)


def _read_record(octets: bytes, at: int) -> tuple[Record, int] | None:
    """The record with a whole header at `at`, and where it ends; only a handshake in clear may end past the datagram.

    Of long datagrams only the first octets are kept.
    """
    if len(octets) - at <= HEADER or octets[at] not in KINDS or octets[at + 1 : at + 3] not in VERSIONS:
        return None
    kind, epoch = octets[at], int.from_bytes(octets[at + 3 : at + 5], "big")
    end = at + HEADER + int.from_bytes(octets[at + 11 : at + 13], "big")
    body = octets[at + HEADER : end]
    plain = kind == HANDSHAKE and not epoch
    if not body or (plain and not read_fragments(body)) or (end > len(octets) and not plain):
        return None
    return Record(kind, epoch, body), end


def _read_encrypted(octets: bytes, at: int) -> tuple[Record, int] | None:
    """The encrypted record of DTLS 1.3 at `at`, and where it ends; None with a connection id, of unknown length."""
    first = octets[at]
    begin = at + (3 if first & LONG_NUMBER else 2)
    end = len(octets)
    if first & HAS_LENGTH:
        begin += 2
        end = begin + int.from_bytes(octets[begin - 2 : begin], "big")
    if first & HAS_CID or begin >= end or end > len(octets):
        return None
    return Record(DATA, first & 3, octets[begin:end]), end


def read_fragments(body: bytes) -> list[tuple[int, int, int, int, bytes]]:
    """(type, length, number, offset, octets) of the handshake fragments in a record, the last as far as it is there."""
    found = []
    at = 0
    while len(body) - at >= MESSAGE:
        kind, length = body[at], int.from_bytes(body[at + 1 : at + 4], "big")
        number = int.from_bytes(body[at + 4 : at + 6], "big")
        offset, size = (int.from_bytes(body[k : k + 3], "big") for k in (at + 6, at + 9))
        if number >= MAX_NUMBER or length > MAX_MESSAGE or offset + size > length:
            break
        found.append((kind, length, number, offset, body[at + MESSAGE : at + MESSAGE + size]))
        at += MESSAGE + size
    return found


def as_tls(flight: Flight) -> Stream:
    """What one side sent as a stream of TLS records, each handshake message in records of its own.

    Where a message is missing, what is behind it is left out: without it, nobody can say what the session became.
    """
    made = bytearray()
    marks: list[Mark] = []
    messages, whole = flight.messages()
    for kind, length, pieces in messages:
        if kind == HELLO_VERIFY:
            continue
        body = b"".join(piece.octets for piece in pieces)
        if kind == CLIENT_HELLO:
            at, size = _cookie(pieces)
            body, length = body[:at] + body[at + 1 + size :], length - 1 - size  # noqa: PLW2901 - less the cookie
        marks.append(Mark(len(made), pieces[0].ts_ns, pieces[0].frame))
        message = bytes([kind]) + max(length, 0).to_bytes(3, "big") + body
        for begin in range(0, len(message), MAX_BODY):
            made += _tls_record(HANDSHAKE, message[begin : begin + MAX_BODY])
        marks.append(Mark(len(made) - 1, pieces[-1].ts_ns, pieces[-1].frame))
    for record, message_of in flight.others if whole else ():
        if record.kind != ACK and len(record.body) <= MAX_BODY:
            marks.append(Mark(len(made), message_of.ts_ns, message_of.frame))
            made += _tls_record(DATA if record.kind == CID else record.kind, record.body)
    return Stream(bytes(made), tuple(marks))


def _tls_record(kind: int, body: bytes) -> bytes:
    """A record of TLS (RFC 8446 section 5.1)."""
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def _cookie(pieces: list[Fragment]) -> tuple[int, int]:
    """Where in a ClientHello the length of its cookie stands, and that length, 0 where it was not seen."""
    body = b"".join(piece.octets for piece in pieces)
    at = COOKIE_AT + 1 + (body[COOKIE_AT] if len(body) > COOKIE_AT else 0)
    return at, body[at] if at < len(body) else 0
