"""Where the frames of a live capture come from: a ring, or a stream of octets that a program or a pipe writes."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, NamedTuple, Protocol

from analyzer.reading import Guard, Reading, Stream, Tee

if TYPE_CHECKING:
    from analyzer.capturing import ring as capturing
    from analyzer.capturing.ring import Ring

WAIT_S = 0.2
"""How long a silent ring is waited for before somebody is asked whether to go on."""

ETHERNET = 1
LAST_S = 0.5
"""A block that is not full is handed over within half of that (ring.RETIRE_MS, rounded up by the kernel's clock)."""

LAST_CHUNKS = 64
"""Of a ring that is stopped: what came by then, or as much as a busy interface fills meanwhile."""

Told = Callable[[int], None]


class Counts(NamedTuple):
    """Frames that the kernel dropped since the start, None where that cannot be known; what is odd, in words."""

    dropped: int | None
    trouble: str


class Feed(Protocol):
    """What frames come from.

    name       ring, dumpcap, tcpdump, scapy, stream
    interface  what is captured, as it was named
    link_type  of its frames, Ethernet where that is not known before the first
    """

    name: str
    interface: str
    link_type: int

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """Hands all frames to a reading until there are no more, or `stop` was called; see Reading.run.

        Raises SourceError or CaptureError where the feed fails.
        """

    def stop(self) -> None:
        """Ends `run` soon; from another thread."""

    def counts(self) -> Counts:
        """What was lost."""


class RingFeed:
    """Frames from a ring that the kernel fills."""

    name = "ring"

    def __init__(self, ring: Ring) -> None:
        self.interface, self.link_type = ring.path, ring.link_type
        self._ring = ring
        self._over = Event()
        self._dropped = 0

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """See Feed. What the ring holds when `stop` is called is still read."""
        reading.tee = tee
        last = LAST_CHUNKS
        try:
            while last:
                chunk = self._ring.next(LAST_S if self._over.is_set() else WAIT_S)
                if self._over.is_set():
                    last = last - 1 if chunk is not None else 0
                if chunk is not None:
                    with guard:
                        reading.take(chunk.octets, chunk.at, chunk.end, chunk.form, chunk.interfaces)
                        told(0)
        finally:
            self._dropped = self._ring.counts().dropped
            self._over.set()
            self._ring.close()

    def stop(self) -> None:
        """See Feed."""
        self._over.set()

    def counts(self) -> Counts:
        """See Feed."""
        return Counts(self._dropped if self._over.is_set() else self._ring.counts().dropped, "")


class StreamFeed:
    """Frames from a capture that comes as octets, from a pipe or standard input."""

    name = "stream"
    link_type = ETHERNET

    def __init__(self, source: Stream) -> None:
        self.interface = source.path
        self._source = source

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """See Feed."""
        try:
            reading.run(self._source, told, guard, tee)
        finally:
            self._source.close()

    def stop(self) -> None:
        """See Feed."""
        self._source.close()

    def counts(self) -> Counts:
        """See Feed: what the stream itself tells of drops is read from it."""
        return Counts(None, "")


class Listener(Protocol):
    """A program or a library that captures, and writes a capture file's octets: Program, ScapySource."""

    path: str

    def readinto(self, view: memoryview) -> int:
        """Octets read into `view`, 0 at the end."""

    def counts(self) -> capturing.Counts | None:
        """What it counted, None where it does not tell, or not yet."""

    def stop(self) -> None:
        """Asks it to end, after what it still has."""

    def close(self) -> None:
        """Ends it."""


class ListenerFeed:
    """Frames that another program captures, or scapy; `trouble` is what is to be told of it all the time."""

    link_type = ETHERNET

    def __init__(self, listener: Listener, name: str, trouble: str = "") -> None:
        self.name, self.interface = name, listener.path
        self.consumed, self.cut, self.path = 0, "", listener.path
        self._listener, self._trouble = listener, trouble

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """See Feed."""
        try:
            reading.run(self, told, guard, tee)
        finally:
            self._listener.close()
        if self.counts().dropped is not None and not reading.drops:
            reading.drops[0, 0] = self.counts().dropped or 0

    def readinto(self, view: memoryview) -> int:
        """Octets read into `view`, 0 at the end; see reading.Stream."""
        octets = self._listener.readinto(view)
        self.consumed += octets
        return octets

    def close(self) -> None:
        """Ends the listener."""
        self._listener.close()

    def stop(self) -> None:
        """See Feed."""
        self._listener.stop()

    def counts(self) -> Counts:
        """See Feed."""
        counted = self._listener.counts()
        return Counts(counted.dropped if counted is not None else None, self._trouble)
