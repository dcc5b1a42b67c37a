"""Headers of any frame, on every link, are read as the oracle reads them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kernels import flows as fl
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept
from tests.builders.traffic import numbers
from tests.builders.traffic import shots as traffic
from tests.oracle import unwrapping as oracle
from tests.oracle.records import Frame

COUNTED = {oracle.OTHER: fl.NOT_IP, oracle.SHORT: fl.UNDECODED, oracle.UNKNOWN: fl.UNKNOWN_LINK}


def address(hi, lo, version):
    """An address as text."""
    if version == 4:
        return str(ipaddress.IPv4Address(int(lo) & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address((int(hi) % (1 << 64)) << 64 | int(lo) % (1 << 64)))


def assert_alike(shot, link):
    """The kernel's row of a frame says what the oracle says; one that waits for its datagram's rest is in no flow."""
    sweep = swept([shot], link=link)
    row = sweep.tables.decoded[0]
    frame = Frame(1, shot.ts_ns, len(shot.octets), shot.wire, link, 0, shot.octets)
    why, packets = oracle.Unwrapping().decode(frame, 1, shot.ts_ns)
    assert sweep.counter(fl.FLOWS) == len(packets)
    if not packets:
        waits = why == oracle.IP
        assert waits or sweep.counter(COUNTED[why]) == 1
        return
    packet = packets[-1]
    assert address(row["src_hi"], row["src_lo"], row["version"]) == packet.src
    assert address(row["dst_hi"], row["dst_lo"], row["version"]) == packet.dst
    for name in ("version", "ttl", "proto", "ip_octets", "frame_octets", "vlan", "src_port", "dst_port", "flags"):
        assert (name, row[name]) == (name, getattr(packet, name))
    for name in ("seq", "ack", "window"):
        assert (name, row[name]) == (name, getattr(packet, name))
    assert (row["lean"] == 1, row["payload"]) == (packet.lean, packet.payload_octets)
    kept = int(row["payload_kept"])
    assert kept == len(packet.payload)


@settings(max_examples=40, deadline=None)
@given(numbers, st.sampled_from(fr.LINKS))
def test_frames_of_all_kinds_agree_with_the_oracle(number, link):
    """Tags, fragments, extension headers, options, odd lengths: each frame alone is read alike on its link."""
    for shot in traffic(number, link=link, chaos=0.9)[:6]:
        assert_alike(shot, link)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=90), st.sampled_from([*fr.LINKS, 9999]), st.integers(0, 200))
def test_any_octets_agree_with_the_oracle(octets, link, wire):
    """Whatever a frame holds, and whatever length it claims, nothing is read past its end."""
    assert_alike(Shot(1_000, octets, wire), link)


@settings(max_examples=120, deadline=None)
@given(numbers, st.sampled_from(fr.LINKS), st.integers(0, 80), st.integers(0, 255))
def test_a_flipped_octet_agrees_with_the_oracle(number, link, at, value):
    """A frame of which one octet is wrong is read alike."""
    made = traffic(number, link=link, chaos=0.2)
    if made:
        octets = bytearray(made[0].octets)
        octets[at % max(len(octets), 1) :][:1] = b""
        octets.insert(at % max(len(octets), 1), value)
        assert_alike(Shot(1_000, bytes(octets)), link)


@pytest.mark.parametrize("link", fr.LINKS)
def test_every_link_type_carries_its_packet(link):
    """A SYN is a SYN on each link that is known."""
    packet = fr.ipv4("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(40000, 443, seq=7, flags=fr.SYN))
    row = swept([Shot(1_000, fr.linked(packet, link))], link=link).tables.decoded[0]
    assert (row["src_port"], row["dst_port"], row["seq"], row["flags"]) == (40000, 443, 7, fr.SYN)


def test_the_outermost_tag_is_kept():
    """Of QinQ's two tags the first one names the VLAN."""
    packet = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(1, 2, b"x"))
    frame = fr.linked(packet, vlans=((0x88A8, 100), (0x8100, 7)))
    assert swept([Shot(1_000, frame)]).tables.decoded[0]["vlan"] == 100
