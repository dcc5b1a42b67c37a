"""Frames with comments, written and read again."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import RawPcapNgReader

from analyzer import api
from analyzer.capturing.container import Interface
from analyzer.capturing.stream import frames
from analyzer.extracting.pcapng import MOST_COMMENT, Writer

ETHERNET, RAW = Interface(1, 262144, name="eth0"), Interface(101, 96, fcs_octets=4)
TIMES = st.integers(0, (1 << 64) - 1)


def written(*told, comment="what it is"):
    """A file of frames (interface, time, octets, length, comment)."""
    file = io.BytesIO()
    writer = Writer(file, comment)
    for frame in told:
        writer.frame(*frame)
    return file.getvalue()


@given(
    st.lists(
        st.tuples(st.sampled_from([ETHERNET, RAW]), TIMES, st.binary(max_size=90), st.integers(0, 9000)), max_size=9
    )
)
def test_what_is_written_is_read_again(tmp_path_factory, told):
    """Interface, time to the nanosecond, octets and length, whatever they are."""
    path = tmp_path_factory.mktemp("written") / "a.pcapng"
    path.write_bytes(written(*((*frame, "why") for frame in told)))
    found = [(frame.interface.link_type, frame.ts_ns, frame.octets, frame.length) for frame in frames([str(path)])]
    assert found == [(kind.link_type, *rest) for kind, *rest in told]


def test_interfaces_are_described_once():
    """With name, snaplen and checksum, in the order in which their frames come."""
    octets = written((RAW, 1, b"a", 1, ""), (ETHERNET, 2, b"b", 1, ""), (RAW, 3, b"c", 1, ""))
    assert octets.count(b"eth0") == 1
    reader = RawPcapNgReader(io.BytesIO(octets))
    assert [about.linktype for _, about in reader] == [101, 1, 101]


def test_comments_are_those_of_frame_and_section():
    """As scapy reads them."""
    reader = RawPcapNgReader(io.BytesIO(written((ETHERNET, 5, b"abc", 9, "frame 7 of a.pcap: «why»"))))
    ((octets, about),) = reader
    assert (octets, about.wirelen) == (b"abc", 9)
    assert [comment.decode() for comment in about.comments] == ["frame 7 of a.pcap: «why»"]


def test_a_comment_only_shows_and_is_not_too_long():
    """Terminal escapes and marks of direction are spelled out; a long text ends between two characters."""
    octets = written((ETHERNET, 0, b"", 0, "\x1b[2J\u202e" + "é" * 9000))
    assert b"\x1b" not in octets
    assert "\u202e".encode() not in octets
    reader = RawPcapNgReader(io.BytesIO(octets))
    ((comment,),) = (about.comments for _, about in reader)
    assert MOST_COMMENT - 2 <= len(comment) <= MOST_COMMENT
    comment.decode("utf-8")


def test_drops_and_filters_are_those_of_their_interface(tmp_path):
    """As they are read again."""
    file = io.BytesIO()
    writer = Writer(file, "")
    filtered = Interface(1, 96, filter="tcp port 443")
    for interface in (ETHERNET, filtered):
        writer.frame(interface, 1, bytes(60), 60, "")
    writer.dropped(filtered, 12)
    path = tmp_path / "a.pcapng"
    path.write_bytes(file.getvalue())
    quality = api.observe([str(path)]).quality
    assert (quality.kernel_drops, quality.filters) == (12, ("tcp port 443",))
