"""Containers that other projects wrote, whole and broken, give frames or one line."""

from __future__ import annotations

import json

import pytest

from analyzer.capturing.buffers import Buffers
from analyzer.capturing.container import sniff
from analyzer.capturing.source import open_source
from analyzer.errors import AnalyzerError
from tests.oracle.records import read_octets, walk


def read(path):
    """(kind of container, all octets, why they end early), as the sweep reads a file."""
    got = b""
    with open_source(str(path)) as source, Buffers(source) as buffers:
        ended = False
        while not ended:
            array, valid, ended = buffers.next(0)
            got += array[:valid].tobytes()
        return sniff(got[:64], str(path)).kind, got, source.cut


def files(shared, folder):
    """The corpus's files of one folder."""
    return sorted(path for path in (shared / "corpus" / folder).iterdir() if path.is_file())


@pytest.mark.parametrize("folder", ["format", "malformed"])
def test_every_file_gives_octets_or_one_line(shared, folder):
    """A file is read whole, as other code unpacks it, or refused with one line that names it."""
    refused = []
    for path in files(shared, folder):
        try:
            kind, octets, cut = read(path)
        except AnalyzerError as why:
            refused.append((path.name, str(why).removeprefix(str(path))))
        else:
            assert (kind in {"pcap", "pcapng"}, cut) == (True, "")
            assert octets == read_octets(path)
    pointer = "is no capture that can be read here but a Git LFS pointer; fetch the file itself with `git lfs pull`"
    assert refused == [("automayt--git-lfs-pointer.pcap", f": {pointer}")] * (folder == "malformed")


def test_the_oracle_counts_the_frames_that_tshark_counts(shared):
    """Frames, octets on the wire, cuts and first times are tshark's for every container of the format folder."""
    truth = [json.loads(line) for line in (shared / "corpus" / "truth.jsonl").read_text().splitlines()]
    told = [one for one in truth if one["file"].startswith("format/") and "packets" in one]
    assert len(told) > 50
    for one in told:
        frames, _, why = walk(read_octets(shared / "corpus" / one["file"]))
        found = (len(frames), sum(frame.origlen for frame in frames), bool(why))
        assert (one["file"], *found) == (one["file"], one["packets"], one["bytes_wire"], one["file_cut_short"])
        if frames and frames[0].ts_ns is not None:
            seconds, _, rest = one["first_ts"].partition(".")
            assert frames[0].ts_ns == int(seconds) * 1_000_000_000 + int(rest.ljust(9, "0"))
