"""Tables grow and are emptied; what they hold stays."""

from __future__ import annotations

import numpy as np

from analyzer.kernels import flows as fl
from analyzer.metering.flows import finish
from analyzer.metering.sweep import LONGEST_NS, Room, grown, likely_servers
from analyzer.settings import Settings
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

SECOND = 1_000_000_000


def datagrams(count, *, flows=1, step_ns=SECOND):
    """So many datagrams of so many flows in turn."""
    return [
        Shot(k * step_ns, fr.linked(fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(1024 + k % flows, 9, b"%010d" % k))))
        for k in range(count)
    ]


def test_ports_on_which_servers_listen():
    """Ports below 1024 and those named; port 0 is nobody's."""
    likely = likely_servers((8080,))
    assert likely[[1, 1023, 8080]].all()
    assert not likely[[0, 1024, 65535]].any()


def test_a_grown_table_keeps_its_rows():
    """Rows stand where they stood."""
    table = np.arange(6).reshape(3, 2)
    assert grown(table, 5)[:3].tolist() == table.tolist()
    assert grown(table, 5).shape == (5, 2)


def test_tables_grow_as_flows_come():
    """Tables without room hold a thousand flows after a thousand came."""
    tight = swept(datagrams(2000, flows=1000, step_ns=1000), room=Room(1, 1, 1, 1, 1, 1))
    ample = swept(datagrams(2000, flows=1000, step_ns=1000))
    for one, other in zip(finish(tight.tables), finish(ample.tables), strict=True):
        assert one.tolist() == other.tolist()
    assert 2 * tight.counter(fl.FLOWS) <= tight.tables.slots.size


def test_bins_become_wider_rather_than_more():
    """A log of 200 rows holds a flow of 2000 seconds."""
    sweep = swept(datagrams(2000), settings=Settings(rates=200))
    assert sweep.tables.rates.size == 200
    assert sweep.bin_ns > 16 * SECOND


def test_two_clocks_do_not_fill_memory():
    """Frames whose times jump back and forth by hours leave as many rows as bins."""
    apart = [Shot(shot.ts_ns % (2 * SECOND) * 5000, shot.octets) for shot in datagrams(3000)]
    sweep = swept(apart, settings=Settings(rates=200))
    assert sweep.tables.rates.size == 200


def test_bins_end_before_64_bit_do():
    """However often bins double, their width can be told."""
    far = [Shot(k % 2 * 4_000_000_000 * SECOND, shot.octets) for k, shot in enumerate(datagrams(6000))]
    sweep = swept(far, settings=Settings(rates=130))
    assert 0 < sweep.bin_ns <= LONGEST_NS
