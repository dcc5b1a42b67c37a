"""Blocks that are written are those that the oracle reads: every frame, its time and its lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import records as rc
from analyzer.kernels import writing as wr
from tests.builders.captures import Shot, block, enhanced, interface, orders, pcap, section, shots, simple
from tests.builders.sweeping import form_of, interfaces_of
from tests.oracle import records as oracle

HEAD = section("<") + interface("<", options=[(9, b"\x09")])


def written(octets, at, form, room=1 << 16, used=0, numbers=(0,), last_ns=0):
    """What one call writes, and what it returns."""
    array = np.frombuffer(bytearray(octets), np.uint8)
    out = np.full(room, 0xEE, np.uint8)
    links = interfaces_of(*[1] * len(numbers))
    told = wr.write_blocks(array, at, array.size, form, links, np.array(numbers, np.int64), out, used, last_ns)
    return out[used : told[2]].tobytes(), told


@given(shots(), orders, st.integers(120, 3000))
def test_frames_are_written_in_as_many_calls_as_it_takes(made, order, room):
    """However little room there is, each frame comes once, with its octets, lengths and time."""
    octets, at, blocks, total, last, why = pcap(made, order=order), 24, b"", 0, 0, wr.FULL
    while why == wr.FULL:
        more, (why, at, _, frames, last, need) = written(octets, at, form_of(order), room, last_ns=last)
        blocks += more
        total += frames
        room = max(room, need)
    assert why == rc.MORE
    assert total == len(made)
    found, _, cut = oracle.walk_pcapng(HEAD + blocks)
    assert not cut
    before, _, _ = oracle.walk_pcap(octets)
    assert [(one.ts_ns, one.octets, one.origlen) for one in found] == [
        (one.ts_ns, one.octets, one.origlen) for one in before
    ]


def test_a_frame_that_does_not_fit_is_left_whole():
    """FULL says how much room it needs, and nothing is written."""
    blocks, (why, at, used, frames, _, need) = written(pcap([Shot(5000, b"x" * 61)]), 24, form_of(), room=80)
    assert (blocks, why, at, used, frames, need) == (b"", wr.FULL, 24, 0, 0, 96)


def test_a_frame_without_a_time_has_that_of_the_one_before():
    """Simple packet blocks."""
    octets = simple(Shot(0, b"abcd"), "<")
    blocks, (_, _, _, frames, last, _) = written(octets, 0, form_of(kind=rc.PCAPNG), last_ns=7_000_000_123)
    assert (frames, last) == (1, 7_000_000_123)
    assert oracle.walk_pcapng(HEAD + blocks)[0][0].ts_ns == 7_000_000_123


def test_interfaces_get_the_numbers_of_the_file():
    """Interface 1 of the source is interface 5 here; blocks that hold no frame are passed over."""
    octets = block("<", 5, b"\0" * 12) + enhanced(Shot(1000, b"abcd"), index=1)
    blocks, (_, _, _, frames, _, _) = written(octets, 0, form_of(kind=rc.PCAPNG), numbers=(0, 5))
    assert frames == 1
    assert int.from_bytes(blocks[8:12], "little") == 5


@pytest.mark.parametrize("octets", [section("<"), b"\1\0\0\0\1\0\0\0" + bytes(8)])
def test_what_is_not_to_be_passed_over_ends_it(octets):
    """A new section, and damage."""
    blocks, (why, *_) = written(octets, 0, form_of(kind=rc.PCAPNG))
    assert blocks == b""
    assert why in (rc.BLOCK, rc.BAD)
