"""Datagrams in fragments: whole ones are read as if they had come whole, the others by what is there of them."""

from __future__ import annotations

import itertools

import pytest

from analyzer.kernels import flows as fl
from analyzer.kernels.fragments import DATAGRAMS, WAITING_NS
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

HOME, AWAY = "10.0.0.1", "10.0.0.2"
BODY = fr.udp(40000, 9, bytes(range(200)))
CUTS = [(0, 80), (80, 160), (160, 208)]


def part(begin, end, *, ident=7, body=BODY, ts_ns=0, src=HOME, dst=AWAY, cut=0):
    """The fragment with octets `begin` to `end` of a datagram, `cut` of them not captured."""
    packet = fr.ipv4(src, dst, fr.UDP, body[begin:end], ident=ident, offset=begin, more=end < len(body))
    octets = fr.linked(packet)
    return Shot(ts_ns, octets[: len(octets) - cut], len(octets))


def flows_of(sweep):
    """(ports, packets, octets, payload) of every flow, and what was kept of them."""
    tables, count = sweep.tables, sweep.counter(fl.FLOWS)
    sweep.finish()
    count = sweep.counter(fl.FLOWS)
    return [
        (
            {int(tables.flows["a_port"][k]), int(tables.flows["b_port"][k])},
            *(int(tables.sides[name][2 * k : 2 * k + 2].sum()) for name in ("packets", "octets", "payload")),
        )
        for k in range(count)
    ]


def kept(sweep):
    """The octets that the dissectors would get."""
    return sweep.tables.arena[: sweep.counter(fl.ARENA)].tobytes()


@pytest.mark.parametrize("order", list(itertools.permutations(CUTS)))
def test_a_datagram_is_whole_in_any_order(order):
    """All of its frames count for the flow that its ports name, and its payload is read once."""
    sweep = swept([part(*cut) for cut in order])
    assert kept(sweep) == BODY[8:]
    assert flows_of(sweep) == [({40000, 9}, 3, 208 + 60, 200)]
    assert (sweep.counter(fl.FRAGMENTS), sweep.counter(fl.STRAY_FRAGMENTS)) == (3, 0)


def test_what_came_first_stays_where_fragments_overlap():
    """A later fragment cannot rewrite what an earlier one said."""
    forged = b"!" * len(BODY)
    sweep = swept([part(0, 80), part(40, 120, body=forged), part(80, 208)])
    assert kept(sweep) == BODY[8:80] + forged[80:120] + BODY[120:]


def test_a_duplicate_makes_no_second_datagram():
    """A fragment that was sent again before the datagram was whole counts with its frames; a mirror's copy does not."""
    for later, frames in ((20_000_000, 3), (5_000, 2)):
        sweep = swept([part(0, 80), part(0, 80, ts_ns=later), part(80, 208, ts_ns=later)])
        assert kept(sweep) == BODY[8:]
        assert [row[1] for row in flows_of(sweep)] == [frames]


def test_copies_of_fragments_leave_nothing_behind():
    """Each fragment twice, one after the other, is one datagram and no stray."""
    sweep = swept([part(*cut, ts_ns=k * 5_000) for cut in CUTS for k in range(2)])
    assert kept(sweep) == BODY[8:]
    assert [row[1] for row in flows_of(sweep)] == [3]
    assert (sweep.counter(fl.STRAY_FRAGMENTS), sweep.counter(fl.COPIES)) == (0, 3)


def test_without_its_end_a_datagram_is_told_by_its_ports():
    """The flow is there, with its frames and octets, but nothing of the payload is read."""
    sweep = swept([part(0, 80), part(80, 160)])
    assert sweep.counter(fl.FLOWS) == 0
    assert flows_of(sweep) == [({40000, 9}, 2, 160 + 40, 0)]
    assert kept(sweep) == b""


def test_without_its_beginning_a_datagram_is_only_counted():
    """Fragments of which the ports are nowhere belong to no flow."""
    sweep = swept([part(80, 160), part(160, 208)])
    assert flows_of(sweep) == []
    assert sweep.counter(fl.STRAY_FRAGMENTS) == 2


def test_a_cut_fragment_ends_what_can_be_read():
    """The snaplen took the end of the first fragment: the datagram is whole, its payload is read up to there."""
    sweep = swept([part(0, 80, cut=30), part(80, 208)])
    assert kept(sweep) == BODY[8:50]
    assert flows_of(sweep) == [({40000, 9}, 2, 208 + 40, 200)]


def test_an_identification_used_again_later_is_another_datagram():
    """The two halves are more than a minute apart."""
    sweep = swept([part(0, 80), part(80, 208, ts_ns=WAITING_NS + 1000)])
    assert [row[1] for row in flows_of(sweep)] == [1]
    assert sweep.counter(fl.STRAY_FRAGMENTS) == 1


def test_identifications_are_told_apart_by_their_ends():
    """The same identification between other hosts, or another one between the same, is another datagram."""
    sweep = swept([part(0, 80), part(80, 208, ident=8), part(80, 208, src=AWAY, dst=HOME)])
    assert sweep.counter(fl.FLOWS) == 0


def test_a_flood_of_first_fragments_uses_no_more_room():
    """The one that was begun first makes room, and is told by its ports."""
    sweep = swept([part(0, 80, ident=k, body=fr.udp(1000 + k, 9, b"x" * 200)) for k in range(3 * DATAGRAMS)])
    assert sweep.counter(fl.FLOWS) == 2 * DATAGRAMS
    assert len(flows_of(sweep)) == 3 * DATAGRAMS


@pytest.mark.parametrize("begin", [65528, 65536 - 80])
def test_a_fragment_past_the_largest_datagram_is_none(begin):
    """RFC 791: 65,535 octets at most, of which such a fragment would be the last."""
    packet = fr.ipv4(HOME, AWAY, fr.UDP, b"x" * 80, offset=begin)
    sweep = swept([Shot(0, fr.linked(packet))])
    assert flows_of(sweep) == []
    assert sweep.counter(fl.UNDECODED) == 1


def test_fragments_of_ipv6_are_joined():
    """With an extension header in front of the fragment header, and one in what was fragmented."""
    options = bytes([17, 0, 1, 4, 0, 0, 0, 0])
    body = options + BODY
    parts = [
        fr.ipv6("fd00::1", "fd00::2", 60, body[begin:end], extensions=[(0, bytes(6))], fragment=(9, begin, end < 216))
        for begin, end in ((0, 104), (104, 216))
    ]
    sweep = swept([Shot(0, fr.linked(packet)) for packet in parts])
    assert kept(sweep) == BODY[8:]
    assert [row[0] for row in flows_of(sweep)] == [{40000, 9}]


def test_an_atomic_fragment_is_a_whole_packet():
    """RFC 6946: offset 0 and nothing more."""
    packet = fr.ipv6("fd00::1", "fd00::2", fr.UDP, BODY, fragment=(9, 0, False))
    sweep = swept([Shot(0, fr.linked(packet))])
    assert kept(sweep) == BODY[8:]
    assert sweep.counter(fl.FRAGMENTS) == 0


def test_a_tunnel_in_fragments_is_opened():
    """IP in IP whose outer packet came in two frames: the flow is the inner one's."""
    inner = fr.ipv4("192.168.0.1", "192.168.0.2", fr.UDP, BODY)
    outer = [
        fr.ipv4(HOME, AWAY, 4, inner[begin:end], ident=3, offset=begin, more=end < len(inner))
        for begin, end in ((0, 120), (120, len(inner)))
    ]
    sweep = swept([Shot(0, fr.linked(packet)) for packet in outer])
    assert kept(sweep) == BODY[8:]
    assert flows_of(sweep) == [({40000, 9}, 2, len(inner), 200)]
