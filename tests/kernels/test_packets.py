"""The shortest way of decoding, for TCP and UDP in one IP packet on Ethernet, ends as the others do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import flows as fl
from analyzer.kernels import headers as hd
from analyzer.kernels.copies import print_of
from analyzer.kernels.flows import flow_hash
from analyzer.kernels.frames import decode
from analyzer.kernels.jit import kernel
from analyzer.kernels.packets import LEAST, Packet, read_packet
from tests.builders import frames as fr
from tests.builders.traffic import numbers
from tests.builders.traffic import shots as traffic

SEED = 7


@kernel
def short(octets, wire, rows):
    """Read it the short way, and write what was read to a row, with its print; whether it is such a packet."""
    read = read_packet(octets, 0, octets.size, wire, 3, 5, SEED)
    row = rows[0]
    row.src_hi, row.src_lo, row.dst_hi, row.dst_lo = read.src_hi, read.src_lo, read.dst_hi, read.dst_lo
    row.src_port, row.dst_port, row.proto, row.version = read.src_port, read.dst_port, read.proto, read.version
    row.mac_at, row.transport_at, row.transport_kept = read.mac_at, read.transport_at, read.transport_kept
    row.payload_at, row.payload_kept, row.payload = read.payload_at, read.payload_kept, read.payload
    row.ip_octets, row.frame_octets, row.ip_id, row.ttl = read.ip_octets, read.frame_octets, read.ip_id, read.ttl
    row.seq, row.ack, row.flags, row.window = read.seq, read.ack, read.flags, read.window
    row.fragment, row.reply, row.lean, row.hash = read.fragment, read.reply, read.lean, read.hash
    row.number, row.ts_ns, row.frames = read.number, read.ts_ns, read.frames
    row.inner_at = print_of(octets, read)
    return read.good


@kernel
def long(octets, wire, rows):
    """The way of any frame, with its print; what it is."""
    found = decode(octets, 0, octets.size, wire, 1, rows)
    row = rows[0]
    row.hash = flow_hash(row, SEED)
    row.number, row.ts_ns = 3, 5
    row.inner_at = print_of(octets, row)
    return found


def both(octets, wire):
    """Whether it is read the short way, what it is, and what the two ways made of it."""
    table = np.frombuffer(bytearray(octets), np.uint8)
    one, other = fl.scratch(1), fl.scratch(2)
    good, found = short(table, wire, one), long(table, wire, other)
    fields = [*Packet._fields[1:], "inner_at"]
    return good, found, *({name: int(rows[0][name]) for name in fields} for rows in (one, other))


SIX = {"src": "fd00::1", "dst": "fd00::2"}


def linked(*, vlans=(), words=b"", padding=b"", src="10.0.0.1", dst="192.0.2.7", port=443, udp=0, **header):
    """A segment on Ethernet, `words` are options of TCP; or a datagram with `udp` octets of payload."""
    body = fr.tcp(40000, port, seq=1 << 31, ack=9, flags=fr.ACK, payload=b"x" * 20, options=words)
    if udp:
        body = fr.udp(40000, port, b"x" * udp)
    return fr.linked(fr.ip(src, dst, fr.UDP if udp else fr.TCP, body, **header), vlans=vlans) + padding


@given(numbers, st.integers(0, 80), st.integers(0, 255), st.integers(0, 100))
def test_what_is_read_the_short_way_is_what_the_long_one_reads(number, at, value, cut):
    """Whatever the traffic, with an octet changed and the end cut off."""
    for shot in traffic(number, link=1, chaos=0.5)[:8]:
        octets = bytearray(shot.octets)
        if len(octets) < LEAST:
            continue
        octets[at % len(octets)] = value
        good, found, one, other = both(octets[: max(len(octets) - cut, LEAST)], len(octets))
        if good:
            assert found == hd.IP
            assert one == other


@pytest.mark.parametrize(
    "frame",
    [
        linked(), linked(vlans=[(0x8100, 5)]), linked(words=b"\1" * 12), linked(padding=b"\0" * 9), linked(total=45),
        linked(**SIX), linked(vlans=[(0x8100, 5)], **SIX), linked(udp=20), linked(udp=4, padding=b"\0" * 14),
        linked(udp=40, **SIX), linked(udp=40, total=60),
    ],
    ids=[
        "plain", "tagged", "timestamps", "padded", "shorter than the frame", "IPv6", "IPv6 tagged", "UDP",
        "UDP padded", "UDP over IPv6", "UDP longer than its packet",
    ],
)  # fmt: skip
def test_what_most_frames_are_is_read_the_short_way(frame):
    """Nothing of it differs."""
    good, found, one, other = both(frame, len(frame))
    assert (good, found) == (1, hd.IP)
    assert one == other


@pytest.mark.parametrize(
    "frame",
    [
        linked(total=0), linked(total=60000), linked(total=30), linked(vlans=[(0x8100, 5), (0x8100, 6)]),
        linked(offset=8), linked(more=True), linked(options=b"\1" * 4), linked(fragment=(7, 0, 1), **SIX),
        linked(extensions=[(60, b"\0" * 6)], **SIX), linked(udp=40, port=4789), linked(udp=40, total=24),
    ],
    ids=[
        "no length", "too long", "too short", "two tags", "last part", "first part", "options", "first part of IPv6",
        "extension", "tunnel", "UDP too short",
    ],
)  # fmt: skip
def test_others_are_left_to_the_long_way(frame):
    """What the short way does not know it does not touch."""
    assert both(frame, len(frame))[0] == 0
