"""Where the frames of a live capture come from: a ring, or a stream of octets that a program or a pipe writes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from analyzer.capturing.source import Source, open_source
from analyzer.errors import SourceError
from analyzer.reading import Guard, Reading, Tee

if TYPE_CHECKING:
    from analyzer.capturing import ring as capturing
    from analyzer.capturing.ring import Ring

WAIT_S = 0.2
"""How long a silent ring is waited for before somebody is asked whether to go on."""

LAST_S = 1.0
"""A block that is not full is handed over within that (twice ring.RETIRE_MS, rounded up by the kernel's clock)."""

ETHERNET = 1

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

    def close(self) -> None:
        """Ends it at once, whatever it does."""

    def counts(self) -> Counts:
        """What was lost."""


class RingFeed:
    """Frames from a ring that the kernel fills."""

    name = "ring"

    def __init__(self, ring: Ring) -> None:
        self.interface, self.link_type = ring.path, ring.link_type
        self._ring = ring
        self._stopped = Event()
        self._gate = Lock()
        self._closed = False
        self._dropped = 0

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """See Feed. What the ring holds when `stop` is called is still read."""
        reading.tee = tee
        until = math.inf
        try:
            while time.monotonic() < until:
                chunk = self._ring.next(LAST_S if self._stopped.is_set() else WAIT_S)
                if chunk is not None:
                    with guard:
                        reading.take(chunk.octets, chunk.at, chunk.end, chunk.form, chunk.interfaces)
                        told(0)
                if self._stopped.is_set():
                    until = min(until, time.monotonic() + LAST_S) if chunk is not None else 0
        finally:
            self.close()

    def stop(self) -> None:
        """See Feed."""
        self._stopped.set()

    def close(self) -> None:
        """See Feed."""
        with self._gate:
            if not self._closed:
                self._dropped = self._ring.counts().dropped
                self._ring.close()
            self._closed = True

    def counts(self) -> Counts:
        """See Feed."""
        with self._gate:
            if not self._closed:
                self._dropped = self._ring.counts().dropped
        renamed = self._ring.renamed
        return Counts(self._dropped, f"{renamed} is called {self._ring.path} by now" if renamed else "")


class StreamFeed:
    """Frames from a capture that comes as octets: from standard input, a pipe, a file."""

    name = "stream"
    link_type = ETHERNET

    def __init__(self, path: str) -> None:
        self.interface = self.path = path
        self.consumed, self.cut = 0, ""
        self._source: Source | None = None
        self._stopped = Event()

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """See Feed. A stream that is stopped ends where it is; that is no damage."""
        try:
            with open_source(self.path) as source:
                self._source = source
                reading.run(self, told, guard, tee)
        except SourceError:
            if not self._stopped.is_set() or self.consumed:
                raise
        if self._stopped.is_set():
            reading.cut = ""

    def readinto(self, view: memoryview) -> int:
        """Octets read into `view`, 0 at the end; see reading.Stream."""
        if self._source is None or self._stopped.is_set():
            return 0
        octets = self._source.readinto(view)
        self.consumed, self.cut = self._source.consumed, self._source.cut
        return octets

    def stop(self) -> None:
        """See Feed. Who waits for a silent stream waits on, and ends with the program."""
        self._stopped.set()

    def close(self) -> None:
        """See Feed."""
        self._stopped.set()

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

    def __init__(self, listener: Listener, name: str, trouble: str = "", instead: str = "") -> None:
        """`instead` tells why something better may not be used, which is told where this one fails at once."""
        self.name, self.interface = name, listener.path
        self.consumed, self.cut, self.path = 0, "", listener.path
        self._listener, self._trouble, self._instead = listener, trouble, instead

    def run(self, reading: Reading, told: Told, guard: Guard, tee: Tee | None) -> None:
        """See Feed."""
        try:
            reading.run(self, told, guard, tee)
        except SourceError as error:
            if self._instead and not self.consumed:
                raise SourceError(self.interface, self._instead) from error
            raise
        finally:
            self._listener.close()

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
