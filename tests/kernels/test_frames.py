"""The short way of decoding, for TCP and UDP on Ethernet, ends as the long one does; nesting has an end."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import flows as fl
from analyzer.kernels import headers as hd
from analyzer.kernels.frames import decode, decode_any
from analyzer.kernels.jit import kernel
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept
from tests.builders.traffic import numbers
from tests.builders.traffic import shots as traffic

# nobody reads them of a packet
INWARD = ("inner_kind", "inner_at", "inner_end", "inner_cut", "layers", "carriers", "wrapped")


@kernel
def short(octets, end, wire, rows):
    """The way that a sweep takes."""
    return decode(octets, 0, end, wire, 1, rows)


@kernel
def long(octets, end, wire, rows):
    """The way of every other link, for a frame of Ethernet."""
    row = rows[0]
    row.frame_octets = max(wire, end)
    return decode_any(octets, 0, end, max(wire, end) - end, 1, rows)


def both(octets, wire):
    """What both ways make of a frame: the answer and, where it is a packet, the row."""
    made = []
    for way in (short, long):
        rows = fl.scratch(2)
        found = way(np.frombuffer(bytearray(octets or b"\0"), np.uint8), len(octets), max(wire, len(octets)), rows)
        fields = [name for name in rows.dtype.names if found == hd.IP and name not in INWARD]
        made.append((found, {name: int(rows[0][name]) for name in fields}))
    return made


@given(numbers, st.integers(0, 80), st.integers(0, 255), st.integers(0, 100))
def test_both_ways_end_alike(number, at, value, cut):
    """Whatever the traffic, with an octet changed and the end cut off."""
    for shot in traffic(number, link=1, chaos=0.5)[:4]:
        octets = bytearray(shot.octets)
        if octets:
            octets[at % len(octets)] = value
        one, other = both(bytes(octets[: max(len(octets) - cut, 0)]), len(octets))
        assert one == other


def test_nesting_has_an_end():
    """Thirty packets within each other: the one after the sixteenth header is not opened."""
    packet = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(40000, 9, b"x"))
    for _ in range(30):
        packet = fr.ipv4("10.0.0.1", "10.0.0.2", 4, packet)
    sweep = swept([Shot(0, fr.linked(packet))])
    assert sweep.tables.flows["proto"][:1].tolist() == [4]
    assert sweep.counter(fl.FLOWS) == 1


def test_many_tags_are_followed():
    """A stack of seven is read, and the outermost kept; eight are none of a network's."""
    packet = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(40000, 9, b"x"))
    octets = [fr.linked(packet, vlans=[(0x8100, 7 + k) for k in range(count)]) for count in (7, 8)]
    assert swept([Shot(0, octets[0])]).tables.flows["vlan"][:1].tolist() == [7]
    assert swept([Shot(0, octets[1])]).counter(fl.NOT_IP) == 1
