"""The sweep stops where a table may not hold another batch, and goes on from there without loss."""

from __future__ import annotations

import numpy as np

from analyzer.kernels import flows as fl
from analyzer.kernels import records as rc
from analyzer.kernels import sweep as sw
from analyzer.metering.sweep import Room, Sweep
from analyzer.settings import Settings
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap
from tests.builders.sweeping import form_of, interfaces_of, swept

HOME, AWAY = "10.0.0.1", "10.0.0.2"


def datagram(payload, sport=40000, dport=9, **more):
    """A datagram on Ethernet."""
    return Shot(1_000_000, fr.linked(fr.ipv4(HOME, AWAY, fr.UDP, fr.udp(sport, dport, payload), **more)))


def test_a_full_table_stops_the_sweep_where_it_stands():
    """ROOM comes before a frame that has no room is read, and the offset is that frame's."""
    sweep = Sweep(Settings(), Room(flows=sw.EVENTS))
    shots = [datagram(b"x", sport=1000 + k) for k in range(sw.BATCH + 1)]
    octets = np.frombuffer(bytearray(pcap(shots)), np.uint8)
    why, at, _ = sw.sweep(octets, 24, octets.size, form_of(), interfaces_of(1), sweep.tables)
    assert why == sw.ROOM
    assert at == 24 + sw.BATCH * (16 + len(shots[0].octets))
    assert sweep.counter(fl.FRAMES) == sweep.counter(fl.FLOWS) == sw.BATCH
    assert sweep.feed(octets, at, octets.size, form_of(), interfaces_of(1))[0] == rc.MORE
    assert sweep.counter(fl.FLOWS) == sw.BATCH + 1


def test_time_that_steps_back_is_counted():
    """Each frame earlier than the one before it is a step back."""
    shots = [Shot(ts_ns, datagram(b"x").octets) for ts_ns in (5_000_000, 3_000_000, 4_000_000, 1_000_000)]
    assert swept(shots).counter(fl.STEPS_BACK) == 2
