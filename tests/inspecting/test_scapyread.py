"""One flow as scapy reads it, where no tshark is."""

from __future__ import annotations

import pathlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from analyzer.errors import AnalyzerError, SourceError
from analyzer.inspecting import scapyread
from analyzer.inspecting.steps import Wanted
from tests.builders.captures import Shot, pcap, pcapng

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
HERE, THERE = "10.0.0.1", "10.0.0.2"
FLOW = Wanted(6, HERE, 4000, THERE, 443, 1, 99)


def segment(orig, resp, flags, payload=b"", inner=None):
    """A segment of the flow, or one that an ICMP error or a tunnel holds."""
    ports = (4000, 443) if orig == HERE else (443, 4000)
    packet = IP(src=orig, dst=resp) / TCP(sport=ports[0], dport=ports[1], flags=flags) / payload
    return bytes(Ether() / (inner / packet if inner else packet))


def shots(*frames):
    """Frames a millisecond apart."""
    return [Shot(1_700_000_000_000_000_000 + k * 1_000_000, frame) for k, frame in enumerate(frames)]


@pytest.mark.parametrize("container", [pcap, pcapng])
def test_the_frames_of_a_flow_in_order(tmp_path, container):
    """With flags, direction, payload and number; others are left out."""
    other = bytes(Ether() / IP(src=HERE, dst=THERE) / UDP(sport=4000, dport=443) / b"x")
    path = tmp_path / "a.cap"
    frames = segment(HERE, THERE, "S"), other, segment(THERE, HERE, "SA"), segment(HERE, THERE, "PA", b"hello")
    path.write_bytes(container(shots(*frames)))
    reading = scapyread.read(str(path), FLOW)
    told = [(step.frame, step.forth, step.flags, step.payload) for step in reading.steps]
    assert told == [(1, True, "S", 0), (3, False, "SA", 0), (4, True, "PA", 5)]
    assert [step.ts_ns % 1_000_000_000 for step in reading.steps] == [0, 2_000_000, 3_000_000]
    assert reading.program.startswith("scapy 2.")


def test_a_flow_in_a_tunnel_is_found(tmp_path):
    """The packet within another one counts."""
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(shots(segment(HERE, THERE, "S", inner=IP(src="192.0.2.1", dst="192.0.2.2", proto=4)))))
    assert [step.flags for step in scapyread.read(str(path), FLOW).steps] == ["S"]


def test_a_file_that_is_no_capture_is_told(tmp_path):
    """In one line with its path, whatever scapy raises."""
    (tmp_path / "a.pcap").write_bytes(b"no capture at all, of any kind")
    with pytest.raises(SourceError, match=r"a\.pcap: is no capture"):
        scapyread.read(str(tmp_path / "a.pcap"), FLOW)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 60))
def test_hostile_frames_end_in_steps_or_one_line(tmp_path_factory, octets, at):
    """No octets, behind headers of the flow or in place of them, do anything else."""
    path = tmp_path_factory.mktemp("hostile") / "a.pcap"
    whole = segment(HERE, THERE, "PA", octets)
    path.write_bytes(pcap(shots(whole, whole[:at] + octets)))
    with suppress(AnalyzerError):
        assert len(scapyread.read(str(path), FLOW).steps) <= 2
