"""Tests of analyzer/capturing/buffers.py."""

import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capturing import buffers
from analyzer.capturing.buffers import FRESH, HEADROOM, MAX_LEFTOVER, Buffers
from analyzer.errors import CaptureError, SourceError

OCTETS = random.Random(3).randbytes(3 * FRESH + 12_345)


class Memory:
    """A source that gives `octets` in portions."""

    path = "memory"

    def __init__(self, octets, portion=FRESH):
        self.octets = memoryview(octets)
        self.at = 0
        self.portion = portion

    def readinto(self, view):
        """The next portion."""
        took = min(len(view), self.portion, len(self.octets) - self.at)
        view[:took] = self.octets[self.at : self.at + took]
        self.at += took
        return took


class Endless:
    """A source of zeros without end."""

    path = "endless"

    def readinto(self, view):
        """Zeros."""
        view[:] = bytes(len(view))
        return len(view)


class Failing:
    """A source that cannot be read."""

    path = "failing"

    def readinto(self, view):
        """Never."""
        raise SourceError(self.path, "gone")


class Silent:
    """A source that has nothing to say, like a pipe whose writer sleeps."""

    path = "silent"

    def __init__(self):
        self.told = threading.Event()

    def readinto(self, view):
        """Waits."""
        self.told.wait(30)
        return 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, FRESH), st.integers(0, 2**32))
def test_nothing_is_lost_whatever_is_left_over(portion, seed):
    """All octets come in their order and at their offset, however many the consumer leaves each time."""
    chance = random.Random(seed)
    octets = OCTETS[: chance.randrange(1, len(OCTETS)) if portion > 1000 else 5000]
    used, ended = 0, False
    with Buffers(Memory(octets, portion)) as filled:
        leftover = 0
        while not ended:
            array, valid, ended = filled.next(leftover)
            assert filled.offset == used
            assert array.dtype == np.uint8
            assert array.flags.c_contiguous
            assert array.flags.writeable
            assert valid <= array.size
            assert array[:valid].tobytes() == octets[used : used + valid]
            leftover = chance.randrange(valid + 1) if not ended else 0
            used += valid - leftover
    assert used == len(octets)


def test_a_leftover_larger_than_the_headroom_grows_the_buffers():
    """A record of several MB lies in one piece, and what follows it too."""
    with Buffers(Memory(OCTETS)) as filled:
        array, valid, ended = filled.next(0)
        while not ended:
            array, valid, ended = filled.next(valid)
        assert valid == len(OCTETS)
        assert array[:valid].tobytes() == OCTETS
        array, valid, ended = filled.next(5)
        assert (array[:valid].tobytes(), ended) == (OCTETS[-5:], True)


def test_a_record_without_end_is_an_error(monkeypatch):
    """A leftover beyond the limit is a CaptureError with the record's offset, and memory stays bounded."""
    monkeypatch.setattr(buffers, "MAX_LEFTOVER", 3 * FRESH)
    with Buffers(Endless()) as filled:
        valid = 0
        while valid <= 3 * FRESH:
            _, valid, _ = filled.next(valid)
        with pytest.raises(CaptureError, match="octet 0: a record does not end"):
            filled.next(valid)
        assert valid <= 5 * FRESH
    assert MAX_LEFTOVER == 80 << 20


def test_more_left_over_than_was_given_is_a_mistake_of_the_caller():
    """A leftover larger than the last buffer is refused."""
    with Buffers(Memory(b"abc")) as filled, pytest.raises(ValueError, match="leftover of 1"):
        filled.next(1)


def test_an_error_of_the_source_reaches_the_consumer():
    """What the reading thread meets is raised where the octets are wanted, each time."""
    with Buffers(Failing()) as filled:
        for _ in range(2):
            with pytest.raises(SourceError, match="gone"):
                filled.next(0)


def test_closing_does_not_wait_for_a_silent_pipe():
    """A consumer that gives up is let go although the source says nothing."""
    source = Silent()
    with Buffers(source):
        pass
    source.told.set()


def test_an_unfinished_reading_leaves_no_thread_behind():
    """Leaving in the middle ends the reading thread."""
    before = set(threading.enumerate())
    with Buffers(Endless()) as filled:
        filled.next(0)
    assert set(threading.enumerate()) <= before


def test_the_buffers_are_reused():
    """Memory does not grow with the file: the same two buffers take turns."""
    with Buffers(Endless()) as filled:
        places = set()
        for leftover in [0, *[100] * 20]:
            array, _, _ = filled.next(leftover)
            places.add(array.__array_interface__["data"][0])
    assert len(places) <= 4
    assert HEADROOM < FRESH
