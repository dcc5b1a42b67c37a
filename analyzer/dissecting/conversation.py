"""What a dissector gets and what it gives: the first octets of a flow, and the records read from them."""

from __future__ import annotations

import bisect
from typing import NamedTuple

TCP = 6
UDP = 17

PAYLOAD = "payload"
PARTIAL = "partial"
PORT = "port"


class Mark(NamedTuple):
    """From `offset` of a stream on, the octets came in `frame` at `ts_ns`."""

    offset: int
    ts_ns: int
    frame: int


class Stream(NamedTuple):
    """The first octets of one direction of a TCP connection, in order, without gap, and which frames they came in."""

    octets: bytes = b""
    marks: tuple[Mark, ...] = ()

    def at(self, offset: int) -> Mark:
        """The mark of the segment that holds the octet at `offset` (the last one for an offset past the end)."""
        at = bisect.bisect_right(self.marks, offset, key=lambda mark: mark.offset)
        return self.marks[max(at - 1, 0)] if self.marks else Mark(0, 0, 0)


class Message(NamedTuple):
    """One datagram's payload: of UDP, or of ICMP from its type octet on."""

    ts_ns: int
    frame: int
    from_orig: bool
    octets: bytes


class Conversation(NamedTuple):
    """What a dissector gets: two streams for TCP (6), messages for everything else. All octets are hostile."""

    flow: int
    proto: int
    orig_p: int
    resp_p: int
    orig: Stream = Stream()
    resp: Stream = Stream()
    messages: tuple[Message, ...] = ()


class Dissected(NamedTuple):
    """What a dissector tells.

    service    lower-case name, as in Flows.service
    certainty  PAYLOAD, PARTIAL or PORT
    rows       (table, row): table is a field of Observations ("http"), row its cells in the order of the columns
    tls_at     where TLS begins inside: offsets into the originator's and the responder's stream, None where it does not
    via        connect, nats, starttls: what TLS began inside of
    """

    service: str
    certainty: str
    rows: tuple[tuple[str, tuple[object, ...]], ...] = ()
    tls_at: tuple[int, int] | None = None
    via: str = ""


def printable(octets: bytes, limit: int) -> str:
    """At most `limit` octets as one line of ASCII; what is not printable stands as a backslash escape."""
    text = octets[:limit].decode("ascii", "backslashreplace")
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
