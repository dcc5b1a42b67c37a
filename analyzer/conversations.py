"""The first octets of a flow, in order: what the meter hands to the dissectors. All octets are hostile."""

from __future__ import annotations

import bisect
import operator
from typing import NamedTuple

_offset = operator.itemgetter(0)


class Mark(NamedTuple):
    """From `offset` of a stream on, the octets came in `frame` at `ts_ns`."""

    offset: int
    ts_ns: int
    frame: int


class Stream(NamedTuple):
    """The first octets of one direction of a TCP connection, in order without gap, and which frames they came in."""

    octets: bytes = b""
    marks: tuple[tuple[int, int, int], ...] = ()  # rows of Mark

    def at(self, offset: int) -> Mark:
        """The mark of the segment that holds the octet at `offset` (the last one for an offset past the end)."""
        at = bisect.bisect_right(self.marks, offset, key=_offset)
        return Mark(*self.marks[max(at - 1, 0)]) if self.marks else Mark(0, 0, 0)


class Message(NamedTuple):
    """One datagram's payload."""

    ts_ns: int
    frame: int
    from_orig: bool
    octets: bytes


class Conversation(NamedTuple):
    """What a dissector gets: two streams for TCP (6), messages for everything else.

    A talk over UDP that is read on (DHCP) comes as several of these, one after the other.
    """

    flow: int
    proto: int
    orig_p: int
    resp_p: int
    orig: Stream = Stream()
    resp: Stream = Stream()
    messages: tuple[Message, ...] = ()

    def sides(self) -> tuple[tuple[bytes, bytes, bool], tuple[bytes, bytes, bool]]:
        """(client's octets, server's octets, whether the responder is the client), for both ways to see it."""
        return (self.orig.octets, self.resp.octets, False), (self.resp.octets, self.orig.octets, True)
