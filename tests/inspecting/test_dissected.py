"""One flow as tshark reads it."""

from __future__ import annotations

import pathlib

import pytest

from analyzer import api
from analyzer.errors import SourceError
from analyzer.inspecting import dissected, scapyread, steps, wireshark
from analyzer.inspecting.steps import Wanted

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
LIMIT_S = 60
FOUR = Wanted(6, "10.0.0.1", 4000, "10.0.0.2", 443, 3, 9)


@pytest.fixture
def tshark(needs_program):
    """tshark, or the test is skipped."""
    needs_program("tshark")
    return wireshark.find()


@pytest.mark.parametrize("name", ["mm-clean.pcapng.gz", "mm-govcloud-clean.pcap", "skala-clean.pcapng.zst"])
def test_it_has_the_frames_of_the_flow(tshark, name):
    """As many as were counted each way, with their payload; and scapy reads the same ones."""
    capture = str(CAPTURES / name)
    seen = api.observe([capture])
    flows = seen.flows
    for flow in range(0, len(flows.proto), 5):
        found = steps.wanted(seen, flow)
        reading = dissected.read(tshark, capture, found, LIMIT_S)
        frames = {step.frame for step in reading.steps}
        assert (flow, min(frames), max(frames)) == (flow, found.first_frame, found.last_frame)
        if not seen.quality.duplicates and flows.proto[flow] == 6:
            sent = [sum(step.forth is way for step in reading.steps) for way in (True, False)]
            assert (flow, sent) == (flow, [flows.orig_packets[flow], flows.resp_packets[flow]])
        theirs = scapyread.read(capture, found)
        assert [step[:3] for step in theirs.steps] == [step[:3] for step in reading.steps]
        assert [step.payload for step in theirs.steps] == [step.payload for step in reading.steps]


def test_a_file_that_is_no_capture_is_told(tshark, tmp_path):
    """In one line with its path."""
    (tmp_path / "a.pcap").write_bytes(b"no capture at all")
    with pytest.raises(SourceError, match=r"a\.pcap: tshark ended with exit code"):
        dissected.read(tshark, str(tmp_path / "a.pcap"), FOUR, LIMIT_S)


ONE_WAY = "ip.src == 10.0.0.1 && ip.dst == 10.0.0.2 && tcp.srcport == 4000 && tcp.dstport == 443"
OTHER_WAY = "ip.src == 10.0.0.2 && ip.dst == 10.0.0.1 && tcp.srcport == 443 && tcp.dstport == 4000"
ECHO = Wanted(58, "fd00::1", 128, "fd00::2", 0, 1, 2)
HOSTS = "(ipv6.src == fd00::1 && ipv6.dst == fd00::2) || (ipv6.src == fd00::2 && ipv6.dst == fd00::1)"


@pytest.mark.parametrize(
    ("flow", "first", "last", "ways"), [(FOUR, 3, 9, f"({ONE_WAY}) || ({OTHER_WAY})"), (ECHO, 1, 2, HOSTS)]
)
def test_the_filter_names_both_ways(flow, first, last, ways):
    """Between the first frame and the last, so that a port that is used again is another flow."""
    told = f"frame.number >= {first} && frame.number <= {last} && ({ways})"
    assert dissected.display_filter(flow) == told


@pytest.mark.parametrize("line", [b"", b"1\t2", b"x\t1.0\t10.0.0.1\t\t1\t\t\t\t\tsays", b"1\tnever\ta\t\t1\t\t\t\t\t"])
def test_a_line_that_is_no_frame_is_told(line):
    """By ValueError, which becomes one line with the capture's path."""
    with pytest.raises(ValueError, match=r".*"):
        dissected.step_of(line, FOUR)
