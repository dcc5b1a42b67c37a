"""CRYPTO frames that come in any order, twice or overlapping become one stream that knows which datagrams brought it.

Source: RFC 9000 sections 7.5 and 19.6; RFC 8446 sections 4 and 5.1; Google's crypto message as of "QUIC Crypto" (2016).
"""

from __future__ import annotations

from array import array

from analyzer.conversations import Message, Stream

MOST = 64 * 1024  # octets of one side's handshake that are kept; RFC 9000 section 7.5 asks for 4,096 at least
RECORD = 16384  # octets that a TLS record holds
RECORD_HEADER = 5
HANDSHAKE, ALERT, FATAL = 22, 21, 2
GOOGLE_HELLO = b"CHLO"
GOOGLE_TAGS = 128  # of one message


class CryptoStream:
    """One side's stream as far as it was seen; what came first stays."""

    def __init__(self) -> None:
        self.known = 0
        """Octets from the begin on without a gap."""
        self.whole = -1
        """Turn of the datagram with which the first message became whole, -1 for none."""
        self._octets = bytearray()
        self._filled = bytearray()
        self._turns = array("H")  # of each octet the turn of the datagram that brought it
        self._edges: set[int] = set()

    def add(self, offset: int, octets: bytes, turn: int) -> None:
        """Put the octets of a frame in their place; what lies beyond MOST is left out."""
        end = min(offset + len(octets), MOST)
        if offset >= end:
            return
        lacking = end - len(self._octets)
        if lacking > 0:
            self._octets += bytes(lacking)
            self._filled += bytes(lacking)
            self._turns.frombytes(bytes(2 * lacking))
        at = self._filled.find(0, offset, end)
        while at >= 0:
            stop = self._filled.find(1, at, end)
            stop = end if stop < 0 else stop
            self._octets[at:stop] = octets[at - offset : stop - offset]
            self._filled[at:stop] = b"\1" * (stop - at)
            self._turns[at:stop] = array("H", [turn]) * (stop - at)
            at = self._filled.find(0, stop, end)
        self._edges |= {offset, end}
        gap = self._filled.find(0, self.known)
        self.known = gap if gap >= 0 else len(self._filled)
        if self.whole < 0 and 0 < (size := message_octets(self.first(MOST))) <= self.known:
            self.whole = max(self._turns[:size])

    def first(self, most: int) -> bytes:
        """The octets from the begin on that follow each other without a gap, at most so many."""
        return bytes(self._octets[: min(self.known, most)])

    def records(self, messages: tuple[Message, ...]) -> Stream:
        """The stream in TLS records, with the marks of the datagrams; nothing where its begin was not seen."""
        parts = []
        for at in range(0, self.known, RECORD):
            body = bytes(self._octets[at : min(at + RECORD, self.known)])
            parts.append(record(HANDSHAKE, body))
        marks = []
        before = -1
        for edge in sorted(one for one in self._edges if one < self.known):
            if self._turns[edge] != before:
                before = self._turns[edge]
                headers = edge // RECORD + (edge % RECORD > 0)
                marks.append((edge + RECORD_HEADER * headers, messages[before].ts_ns, messages[before].frame))
        return Stream(b"".join(parts), tuple(marks))


def record(kind: int, body: bytes) -> bytes:
    """A TLS record (RFC 8446 section 5.1)."""
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def message_octets(octets: bytes) -> int:
    """How many octets the first message of a stream has in all, by its header; 0 where that is not there yet."""
    if octets[:4] != GOOGLE_HELLO:
        return 4 + int.from_bytes(octets[1:4], "big") if len(octets) >= 4 else 0
    tags = int.from_bytes(octets[4:6], "little")
    values = 8 + 8 * tags
    if not 0 < tags <= GOOGLE_TAGS or len(octets) < values:
        return 0
    return values + int.from_bytes(octets[values - 4 : values], "little")
