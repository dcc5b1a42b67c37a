"""The sweep stops where a table may not hold another batch, and goes on from there without loss."""

from __future__ import annotations

import numpy as np
import pytest

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
    sweep = Sweep(Settings(), Room(flows=sw.BATCH))
    shots = [datagram(b"x", sport=1000 + k) for k in range(sw.BATCH + 1)]
    octets = np.frombuffer(bytearray(pcap(shots)), np.uint8)
    why, at, _ = sw.sweep(octets, 24, octets.size, form_of(), interfaces_of(1), sweep.tables)
    assert why == sw.ROOM
    assert at == 24 + sw.BATCH * (16 + len(shots[0].octets))
    assert sweep.counter(fl.FRAMES) == sweep.counter(fl.FLOWS) == sw.BATCH
    assert sweep.feed(octets, at, octets.size, form_of(), interfaces_of(1))[0] == rc.MORE
    assert sweep.counter(fl.FLOWS) == sw.BATCH + 1


def test_a_flow_hands_on_its_first_messages_only():
    """Of datagrams sixteen are kept, of DNS all."""
    assert swept([datagram(b"x")] * 30).counter(fl.SEGMENTS) == 16
    assert swept([datagram(b"x", dport=53)] * 30).counter(fl.SEGMENTS) == 30
    assert swept([datagram(b"x", sport=5353)] * 30).counter(fl.SEGMENTS) == 30


def test_a_later_fragment_belongs_to_the_flow_of_the_first():
    """Fragments without ports are counted for the flow whose first fragment has the same identification."""
    body = fr.udp(40000, 9, b"x" * 40)
    first = fr.ipv4(HOME, AWAY, fr.UDP, body[:24], ident=7, more=True)
    later = fr.ipv4(HOME, AWAY, fr.UDP, body[24:], ident=7, offset=24)
    stranger = fr.ipv4(HOME, AWAY, fr.UDP, body[24:], ident=8, offset=24)
    sweep = swept([Shot(0, fr.linked(packet)) for packet in (first, later, stranger)])
    assert sweep.counter(fl.FLOWS) == 2
    packets = sweep.tables.sides["packets"][:4].tolist()
    assert sorted(packets) == [0, 0, 1, 2]


def test_later_fragments_of_both_ways_on_one_host_keep_their_side():
    """Where both ends have one address, a fragment is its first fragment's sender's."""
    made = []
    for ident, ports in ((1, (40000, 9)), (2, (9, 40000))):
        body = fr.udp(*ports, b"x" * 40)
        made.append(fr.ipv4(HOME, HOME, fr.UDP, body[:24], ident=ident, more=True))
        made.append(fr.ipv4(HOME, HOME, fr.UDP, body[24:], ident=ident, offset=24))
    sweep = swept([Shot(0, fr.linked(packet)) for packet in made])
    assert sweep.tables.sides["packets"][:2].tolist() == [2, 2]


@pytest.mark.parametrize(("kind", "code", "quoted"), [(3, 13, 0), (11, 0, 0), (8, 0, None)])
def test_an_error_names_the_flow_that_it_quotes(kind, code, quoted):
    """Unreachable and time exceeded quote a packet; an echo does not."""
    sent = fr.ipv4(HOME, AWAY, fr.TCP, fr.tcp(40000, 443, seq=1, flags=fr.SYN))
    error = fr.ipv4("10.0.0.254", HOME, fr.ICMP, fr.icmp(kind, code, payload=sent[:28]))
    sweep = swept([Shot(0, fr.linked(sent)), Shot(1_000, fr.linked(error))])
    errors = sweep.tables.errors[: sweep.counter(fl.ERRORS)]
    assert errors["quoted"].tolist() == ([] if quoted is None else [quoted])
    assert errors["type"].tolist() == ([] if quoted is None else [kind])


def test_time_that_steps_back_is_counted():
    """Each frame earlier than the one before it is a step back."""
    shots = [Shot(ts_ns, datagram(b"x").octets) for ts_ns in (5_000_000, 3_000_000, 4_000_000, 1_000_000)]
    assert swept(shots).counter(fl.STEPS_BACK) == 2
