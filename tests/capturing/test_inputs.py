"""Tests of analyzer/capturing/inputs.py."""

import gzip
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capturing.inputs import UNKNOWN_NS, expand, first_ns, is_capture
from analyzer.errors import SourceError
from tests.builders.captures import NANOSECONDS, Shot, enhanced, interface, obsolete, pcap, pcapng, section, simple

NOON_NS = 1_750_000_000_000_000_000


def at(seconds):
    """One frame, so many seconds after noon."""
    return [Shot(NOON_NS + seconds * 1_000_000_000, b"frame")]


@pytest.fixture
def folder(tmp_path):
    """Three rotated files whose names are not in their order, and two files that are no captures."""
    (tmp_path / "a.pcap").write_bytes(pcap(at(20)))
    (tmp_path / "b.dmp").write_bytes(gzip.compress(pcapng(at(0))))
    (tmp_path / "c.pcapng").write_bytes(pcapng(at(10), order=">"))
    (tmp_path / "notes.txt").write_text("captured on Monday")
    (tmp_path / "empty.pcap").write_bytes(b"")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "d.pcap").write_bytes(pcap(at(5)))
    return tmp_path


def names(paths):
    """Their last parts."""
    return [os.path.basename(path) for path in paths]  # noqa: PTH119 - what is returned are strings


def test_a_directory_stands_for_its_captures(folder):
    """Files that are captures by their octets, not those below nor others, in the order of their first frames."""
    assert names(expand([str(folder)])) == ["b.dmp", "c.pcapng", "a.pcap"]


def test_globs_and_names_are_joined_once_each(folder):
    """A file that is named twice is read once."""
    assert names(expand([str(folder / "*.pcapng"), str(folder / "a.pcap"), str(folder / "a.*")])) == [
        "c.pcapng",
        "a.pcap",
    ]


def test_standard_input_keeps_its_place(folder):
    """The dash stays where it was written; the others are ordered around it."""
    assert names(expand([str(folder / "a.pcap"), "-", str(folder / "b.dmp")])) == ["b.dmp", "-", "a.pcap"]


def test_one_argument_is_not_looked_into(folder):
    """A single file is handed on as it is, even if it is missing: reading it tells why."""
    assert expand([str(folder / "missing.pcap")]) == [str(folder / "missing.pcap")]
    assert expand(["-"]) == ["-"]


def test_unreadable_files_come_last(folder):
    """Files without a first frame stay in the list, behind the others, for the reader to tell."""
    paths = [str(folder / name) for name in ("missing.pcap", "empty.pcap", "a.pcap")]
    assert names(expand(paths)) == ["a.pcap", "missing.pcap", "empty.pcap"]


def test_a_named_pipe_is_not_read_early(folder):
    """A pipe's octets can be read once only, so its first frame is not looked for."""
    os.mkfifo(folder / "pipe")
    assert names(expand([str(folder / "pipe"), str(folder / "a.pcap")])) == ["a.pcap", "pipe"]


def test_a_file_named_like_a_glob_is_a_file(tmp_path):
    """Brackets in the name of a file that exists are no pattern."""
    path = tmp_path / "plant[3].pcap"
    path.write_bytes(pcap(at(0)))
    assert expand([str(path)]) == [str(path)]


@pytest.mark.parametrize(("given_", "said"), [(["nothing*.pcap"], "names no file"), (["-", "-"], "once only")])
def test_what_names_nothing_is_told(given_, said):
    """A glob without a match, or standard input named twice, is a SourceError."""
    with pytest.raises(SourceError, match=said):
        expand(given_)


def test_a_directory_without_captures_is_told(tmp_path):
    """A directory that holds none is a SourceError that names it."""
    with pytest.raises(SourceError, match=f"{tmp_path.name}: holds no capture"):
        expand([str(tmp_path)])


def write(path, octets):
    """Its path, as text."""
    path.write_bytes(octets)
    return str(path)


@pytest.mark.parametrize(
    "octets",
    [
        pcap(at(1)),
        pcap(at(1), order=">"),
        pcap(at(1), magic=NANOSECONDS),
        section() + interface(options=[(9, b"\x09")]) + enhanced(at(1)[0], ticks=at(1)[0].ts_ns),
        section(">") + interface(">") + obsolete(at(1)[0], ">"),
        section()
        + interface(options=[(14, struct.pack("<q", 3600))])
        + simple(at(0)[0])
        + enhanced(at(0)[0], ticks=(NOON_NS - 3599 * 1_000_000_000) // 1000),
    ],
    ids=["pcap", "big", "ns", "ng-ns", "obsolete", "offset"],
)
def test_the_first_frame_has_its_time(tmp_path, octets):
    """The time is read in the file's order, resolution and offset; frames without one are passed over."""
    assert first_ns(write(tmp_path / "one", octets)) == NOON_NS + 1_000_000_000


@pytest.mark.parametrize("octets", [b"", pcap([]), section() + interface(), section(), b"text"])
def test_a_capture_without_frames_has_no_time(tmp_path, octets):
    """Where no frame is found there is no time, and no error."""
    assert first_ns(write(tmp_path / "one", octets)) == UNKNOWN_NS


@given(st.sampled_from([b"\xd4\xc3\xb2\xa1", section(), section() + interface(), b""]), st.binary(max_size=200))
def test_any_octets_have_a_time_or_none(tmp_path_factory, head, rest):
    """Looking into a file raises nothing, whatever it holds."""
    path = write(tmp_path_factory.getbasetemp() / "any", head + rest)
    assert isinstance(first_ns(path), int)
    assert isinstance(is_capture(path), bool)
