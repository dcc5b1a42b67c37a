"""Captures frame by frame."""

from __future__ import annotations

import gzip
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import api
from analyzer.capturing.stream import frames, opened
from analyzer.errors import SourceError
from tests.builders.captures import (
    Shot,
    enhanced,
    interface,
    obsolete,
    orders,
    pcap,
    pcapng,
    section,
    shots,
    simple,
    statistics,
)

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
SECOND = 1_000_000_000
ONE = Shot(1_700_000_000 * SECOND, b"one frame")


@pytest.fixture
def put(tmp_path):
    """A function that writes a file and gives its path."""

    def write(octets, name="a.cap"):
        (tmp_path / name).write_bytes(octets)
        return str(tmp_path / name)

    return write


@given(shots(), orders, st.sampled_from([pcap, pcapng]))
def test_frames_come_as_they_were_written(tmp_path_factory, written, order, container):
    """Number, time, octets and length on the wire, in both containers and byte orders."""
    path = tmp_path_factory.mktemp("stream") / "a.cap"
    path.write_bytes(container(written, order=order))
    told = [(frame.number, frame.own, frame.ts_ns, frame.octets, frame.length) for frame in frames([str(path)])]
    assert told == [(at, at, shot.ts_ns, shot.octets, shot.wire) for at, shot in enumerate(written, 1)]


@pytest.mark.parametrize("name", sorted(path.name for path in CAPTURES.iterdir() if ".pcap" in path.name))
def test_samples_have_the_frames_that_are_counted(name):
    """As many as the sweep counts, from the first time to the last."""
    path = str(CAPTURES / name)
    capture = api.observe([path]).captures[0]
    found = list(frames([path]))
    times = [frame.ts_ns for frame in found]
    assert (len(found), min(times), max(times)) == (capture.packets, capture.start_ns, capture.end_ns)


def test_numbers_go_on_from_file_to_file(put):
    """Each frame has its number over all, and its own."""
    paths = [put(pcap([ONE, ONE]), "a.pcap"), put(gzip.compress(pcapng([ONE])), "b.gz")]
    assert [(frame.number, frame.own, frame.path) for frame in frames(paths)] == [
        (1, 1, paths[0]),
        (2, 2, paths[0]),
        (3, 1, paths[1]),
    ]


def test_all_packet_blocks_are_frames(put):
    """Enhanced, simple and obsolete ones; what else a section holds is passed over."""
    octets = section("<") + interface("<") + enhanced(ONE) + simple(ONE) + statistics() + obsolete(ONE)
    assert [(frame.ts_ns, frame.octets) for frame in frames([put(octets)])] == [
        (ONE.ts_ns, ONE.octets),
        (0, ONE.octets),
        (ONE.ts_ns, ONE.octets),
    ]


def test_sections_have_interfaces_of_their_own(put):
    """Another byte order, another link type."""
    octets = pcapng([ONE]) + section(">") + interface(">", 101) + enhanced(ONE, ">")
    assert [frame.interface.link_type for frame in frames([put(octets)])] == [1, 101]


@pytest.mark.parametrize("container", [pcap, pcapng])
@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_cut_file_ends_where_it_breaks(put, container, cut):
    """The frames before are there."""
    assert len(list(frames([put(container([ONE, ONE])[:-cut])]))) == 1


def test_a_block_that_claims_too_much_ends_the_file(put):
    """Nothing is reserved for it."""
    octets = pcapng([ONE]) + (6).to_bytes(4, "little") + (0xFFFFFFF0).to_bytes(4, "little") + bytes(8)
    assert len(list(frames([put(octets)]))) == 1


def test_an_interface_that_is_not_there_has_no_frames(put):
    """Its blocks are passed over."""
    assert list(frames([put(section("<") + enhanced(ONE))])) == []


def test_what_is_no_capture_is_told(put):
    """With its path."""
    with pytest.raises(SourceError, match=r"a\.cap: "):
        list(frames([put(b"text, and no capture")]))


def test_a_packed_file_is_read_as_plain_octets(put):
    """What the container holds, unpacked."""
    with opened(put(gzip.compress(b"plain octets" * 1000))) as file:
        assert file.read() == b"plain octets" * 1000
