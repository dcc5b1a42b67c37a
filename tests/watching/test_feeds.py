"""Rings, streams and listeners hand over the same frames, end when they are told to, and tell what was lost."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from unittest.mock import patch

import pytest

from analyzer.capturing import ring as capturing
from analyzer.capturing.ring import Chunk
from analyzer.errors import SourceError
from analyzer.kernels import flows as fl
from analyzer.metering.sweep import Sweep
from analyzer.reading import Reading
from analyzer.settings import Settings
from analyzer.watching.feeds import LAST_S, ListenerFeed, RingFeed, StreamFeed
from tests.builders.captures import pcap
from tests.builders.feeds import records
from tests.builders.sweeping import form_of, interfaces_of
from tests.watching.test_intake import datagrams


class Ring:
    """A ring of chunks that are there at once, or come for ever."""

    path, link_type, renamed = "made0", 1, ""

    def __init__(self, chunks, *, error=None):
        self.chunks, self.error, self.closed, self.given = iter(chunks), error, False, 0

    def next(self, timeout_s):
        """The next chunk."""
        octets = next(self.chunks, None)
        if octets is None:
            if self.error is not None:
                raise self.error
            time.sleep(0.01)
            return None
        self.given += 1
        return Chunk(octets, 0, octets.size, form_of(), interfaces_of(1))

    def counts(self):
        """What was lost; a ring that is closed cannot tell."""
        assert not self.closed
        return capturing.Counts(5, 2)

    def close(self):
        """Give the interface back."""
        self.closed = True


def ran(feed, *, stop_after_s=None):
    """Frames that a feed handed over until its end."""
    sweep = Sweep(Settings())
    told = []
    if stop_after_s is not None:
        threading.Timer(stop_after_s, feed.stop).start()
    feed.run(Reading(feed.interface, sweep), told.append, nullcontext(), None)
    return sweep.counter(fl.FRAMES)


def test_a_ring_is_emptied_before_it_ends():
    """Stopped at once, it still gives what it holds; what was dropped is known afterwards."""
    ring = Ring([records(datagrams(0, 3)), records(datagrams(3, 4))])
    feed = RingFeed(ring)
    feed.stop()
    assert ran(feed) == 7
    assert (ring.closed, feed.counts().dropped) == (True, 2)


def test_a_busy_ring_ends_all_the_same():
    """An interface that never falls silent does not hold up the end."""

    def forever():
        while True:
            yield records(datagrams(0, 1))

    ring = Ring(forever())
    feed = RingFeed(ring)
    feed.stop()
    begun = time.monotonic()
    assert ran(feed) > 0
    assert LAST_S <= time.monotonic() - begun < 4 * LAST_S


def test_a_ring_whose_interface_is_gone():
    """What came before is swept, and the error goes on."""
    ring = Ring([records(datagrams(0, 3))], error=SourceError("made0", "the interface is gone"))
    with pytest.raises(SourceError, match="gone"):
        ran(RingFeed(ring))
    assert (ring.given, ring.closed) == (1, True)


def test_a_stream_is_read_to_its_end(tmp_path):
    """A file, a pipe: it ends by itself."""
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([*datagrams(0, 9)]))
    feed = StreamFeed(str(path))
    assert ran(feed) == 9
    assert (feed.interface, feed.counts().dropped) == (str(path), None)


class Listener:
    """Octets that come until it is asked to end."""

    path = "made0"

    def __init__(self, octets, counted=None):
        self.octets, self.counted = octets, counted
        self.asked, self.closed = threading.Event(), False

    def readinto(self, view):
        """The octets, then nothing until it is asked to end."""
        if self.octets:
            count = min(len(view), len(self.octets))
            view[:count], self.octets = self.octets[:count], self.octets[count:]
            return count
        self.asked.wait(20)
        return 0

    def counts(self):
        """What it counted, once it is over."""
        return self.counted if self.asked.is_set() else None

    def stop(self):
        """See Listener."""
        self.asked.set()

    def close(self):
        """See Listener."""
        self.closed = True


def test_a_listener_ends_when_asked_and_tells_what_it_lost():
    """What it counted at its end is the capture's."""
    listener = Listener(pcap([*datagrams(0, 9)]), capturing.Counts(9, 4))
    feed = ListenerFeed(listener, "tcpdump", "slow")
    assert feed.counts() == (None, "slow")
    assert ran(feed, stop_after_s=0.1) == 9
    assert (feed.counts(), listener.closed) == ((4, "slow"), True)


def test_why_nothing_better_is_used_is_told_where_a_listener_fails_at_once():
    """It says how to get the right; what fails later says why itself."""

    class Failing(Listener):
        def readinto(self, view):
            raise SourceError("made0", "dumpcap: You do not have permission")

    with pytest.raises(SourceError, match="setcap"):
        ran(ListenerFeed(Failing(b""), "dumpcap", instead="needs CAP_NET_RAW: setcap …"))
    with pytest.raises(SourceError, match="permission"):
        ran(ListenerFeed(Failing(b""), "dumpcap"))


def test_a_stream_that_is_stopped_is_not_damaged(tmp_path):
    """It ends inside a record, where it was; that is no cut capture."""
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([*datagrams(0, 9)]))
    feed = StreamFeed(str(path))
    reading = Reading(str(path), Sweep(Settings()))
    with patch("analyzer.capturing.buffers.FRESH", 100):
        feed.run(reading, lambda octets: feed.stop() if octets > 300 else None, nullcontext(), None)
    assert 0 < reading.sweep.counter(fl.FRAMES) < 9
    assert reading.cut == ""


def test_a_stream_that_is_stopped_before_it_began(tmp_path):
    """Nothing was captured, which is no error."""
    (tmp_path / "a.pcap").write_bytes(pcap([*datagrams(0, 9)]))
    feed = StreamFeed(str(tmp_path / "a.pcap"))
    feed.stop()
    assert ran(feed) == 0
    with pytest.raises(SourceError, match="no such file"):
        ran(StreamFeed(str(tmp_path / "none")))
