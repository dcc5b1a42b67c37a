"""Flows leave the tables of a sweep, and what comes later finds them as if the others had never been there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kernels import flows as fl
from analyzer.metering.flows import finish
from analyzer.metering.shedding import over, unanswered
from analyzer.settings import Settings
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap
from tests.builders.sweeping import CLASSIC, form_of, interfaces_of, swept

SECOND = 1_000_000_000
ENDS = ("10.0.0.1", "10.0.0.2")


def segment(at_ns, port, *, back=False, **header):
    """A TCP segment between a client's port and a server, or one back."""
    src, dst = ENDS[::-1] if back else ENDS
    ports = (80, port) if back else (port, 80)
    return Shot(at_ns, fr.linked(fr.ipv4(src, dst, fr.TCP, fr.tcp(*ports, **header))))


def attempts(count):
    """SYNs that nobody answers, a microsecond apart."""
    return [segment(k * 1000, 1024 + k, flags=fr.SYN, seq=1) for k in range(count)]


def columns(sweep):
    """The table of flows as lists."""
    return [column.tolist() for column in finish(sweep.tables)]


@settings(max_examples=40, deadline=None)
@given(goes=st.lists(st.booleans(), min_size=60, max_size=60), again=st.integers(0, 59))
def test_those_that_stay_are_as_they_were(goes, again):
    """Whatever goes, the rest is the table without those rows, and a frame of one that stays still finds its flow."""
    sweep = swept(attempts(60))
    before, stays = columns(sweep), ~np.array(goes)
    moved = sweep.shed(np.array(goes))
    assert columns(sweep) == [np.array(column, dtype=object)[stays].tolist() for column in before]
    assert moved[stays].tolist() == list(range(int(stays.sum())))
    assert (moved[~stays] == -1).all()
    octets = np.frombuffer(bytearray(pcap([segment(SECOND, 1024 + again, seq=2, payload=b"x")])), np.uint8)
    sweep.feed(octets, CLASSIC, octets.size, form_of(), interfaces_of(1))
    assert sweep.counter(fl.FLOWS) == int(stays.sum()) + int(goes[again])


def test_gaps_of_those_that_went_are_free_again():
    """What is missing of the other flows stays missing, and the pool does not grow when there are new gaps."""
    holes = [segment(k, port, seq=seq, payload=b"x" * 8) for port in (1, 2) for k, seq in enumerate((1, 5000, 9000))]
    sweep = swept([*holes, segment(9, 1, back=True, ack=9008), segment(9, 2, back=True, ack=9008)])
    used, missed = sweep.counter(fl.GAPS), finish(sweep.tables).orig_missed.tolist()
    assert used == 4
    sweep.shed(np.array([True, False]))
    assert finish(sweep.tables).orig_missed.tolist() == missed[1:] != [0]
    more = [segment(SECOND + k, 3, seq=seq, payload=b"x" * 8) for k, seq in enumerate((1, 5000, 9000))]
    octets = np.frombuffer(bytearray(pcap(more)), np.uint8)
    sweep.feed(octets, CLASSIC, octets.size, form_of(), interfaces_of(1))
    assert sweep.counter(fl.GAPS) == used


@pytest.mark.parametrize(
    ("shots", "silent_s", "is_over"),
    [
        ([segment(0, 9, flags=fr.SYN)], 5, False),
        ([segment(0, 9, flags=fr.SYN)], 21, True),
        ([segment(0, 9, flags=fr.FIN | fr.ACK), segment(0, 9, back=True, flags=fr.FIN | fr.ACK)], 5, True),
        ([segment(0, 9, flags=fr.FIN | fr.ACK)], 5, False),
        ([segment(0, 9, back=True, flags=fr.RST)], 5, True),
        ([segment(0, 9, back=True, flags=fr.RST)], 2, False),
        ([Shot(0, fr.linked(fr.ipv4(*ENDS, fr.UDP, fr.udp(9, 9))))], 5, False),
        ([Shot(0, fr.linked(fr.ipv4(*ENDS, fr.UDP, fr.udp(9, 9))))], 11, True),
    ],
)
def test_when_a_flow_is_over(shots, silent_s, is_over):
    """By its protocol's silence, and closed TCP soon."""
    chosen = Settings(tcp_idle_s=20, udp_idle_s=10, closed_s=4)
    sweep = swept([*shots, Shot(silent_s * SECOND, fr.linked(fr.ipv4(*ENDS, fr.UDP, fr.udp(1, 1))))], settings=chosen)
    assert over(sweep.tables, chosen).tolist() == [is_over, False]


def test_attempts_are_what_nobody_answered():
    """A SYN alone, not what was answered, carries payload or is no TCP."""
    shots = [
        *(segment(0, 1, flags=fr.SYN), segment(1, 2, flags=fr.SYN), segment(2, 2, back=True, flags=fr.RST)),
        *(segment(3, 3, payload=b"x"), Shot(4, fr.linked(fr.ipv4(*ENDS, fr.UDP, fr.udp(9, 9))))),
    ]
    assert unanswered(swept(shots).tables).tolist() == [True, False, False, False]


def test_a_talk_without_end_is_cut():
    """One datagram a minute for three hours is a flow for each hour, where parts are wanted; else one."""
    shots = [Shot(k * 60 * SECOND, fr.linked(fr.ipv4(*ENDS, fr.UDP, fr.udp(5353, 5353)))) for k in range(180)]
    assert swept(shots).counter(fl.FLOWS) == 1
    assert swept(shots, settings=Settings(udp_active_s=3600)).counter(fl.FLOWS) == 3
