"""Frames find their flow, from either end, and a new one begins where the old one is over."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.kernels import flows as fl
from analyzer.kernels.headers import V4_MAPPED
from analyzer.kernels.jit import kernel
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

HOME, AWAY = "10.0.0.1", "10.0.0.2"
SECOND = 1_000_000_000


def udp(ts_s, src=HOME, dst=AWAY, ports=(40000, 9)):
    """A datagram at a second."""
    return Shot(ts_s * SECOND, fr.linked(fr.ip(src, dst, fr.UDP, fr.udp(*ports, b"x"))))


def tcp(ts_s, *, flags=fr.ACK, seq=1, answer=False, payload=b""):
    """A segment at a second."""
    ends, ports = ((AWAY, HOME), (443, 40000)) if answer else ((HOME, AWAY), (40000, 443))
    segment = fr.tcp(*ports, seq=seq, ack=1, flags=flags, payload=payload)
    return Shot(ts_s * SECOND, fr.linked(fr.ip(*ends, fr.TCP, segment)))


def count(*shots):
    """How many flows the shots make."""
    return swept(shots).counter(fl.FLOWS)


@pytest.mark.parametrize(("home", "away"), [(HOME, AWAY), (AWAY, HOME), ("fd00::1", "fd00::2"), ("::1", "::1")])
def test_both_directions_are_one_flow(home, away):
    """A frame and its answer, whichever address compares lower."""
    assert count(udp(1, home, away), udp(2, away, home, (9, 40000))) == 1


def test_other_ports_hosts_and_protocols_are_other_flows():
    """Whatever of the five differs makes another flow."""
    assert count(udp(1), udp(1, ports=(40001, 9)), udp(1, ports=(40000, 10)), udp(1, dst="10.0.0.3"), tcp(1)) == 5


@pytest.mark.parametrize(("silence", "flows"), [(300, 1), (301, 2)])
def test_silence_ends_a_flow_of_datagrams(silence, flows):
    """Five minutes are the last that are one flow."""
    assert count(udp(10), udp(10 + silence)) == flows


@pytest.mark.parametrize(("silence", "flows"), [(7440, 1), (7441, 2)])
def test_silence_ends_a_connection(silence, flows):
    """Two hours and four minutes are the last that are one connection."""
    assert count(tcp(10), tcp(10 + silence)) == flows


def test_a_retry_is_no_new_connection_and_reused_ports_are():
    """A SYN of the same number is a retry; one of another number after the opening is another connection."""
    opening = [tcp(1, flags=fr.SYN, seq=7), tcp(1, flags=fr.SYN | fr.ACK, seq=90, answer=True)]
    assert count(*opening, tcp(2, flags=fr.SYN, seq=7)) == 1
    assert count(*opening, tcp(2, flags=fr.SYN, seq=8)) == 2
    assert count(opening[0], tcp(2, flags=fr.SYN, seq=8)) == 1


def test_a_syn_that_its_answer_overtook_is_no_new_connection():
    """The SYN of the number that was answered belongs to the answer; one of another number begins a connection."""
    answer = tcp(1, flags=fr.SYN | fr.ACK, seq=90, answer=True)
    assert count(answer, tcp(1, flags=fr.SYN, seq=0)) == 1
    assert count(answer, tcp(1, flags=fr.SYN, seq=1)) == 2


def test_an_answer_with_a_new_number_is_a_connection_whose_syn_is_missing():
    """Where its sender had spoken and the connection was closed; else two answer one SYN, and one of them may lie."""
    opening = [tcp(1, flags=fr.SYN, seq=7), tcp(1, flags=fr.SYN | fr.ACK, seq=90, answer=True)]
    spoken = [*opening, tcp(2, seq=91, answer=True, payload=b"x")]
    reset, other = tcp(3, flags=fr.RST, seq=8), tcp(4, flags=fr.SYN | fr.ACK, seq=1000, answer=True)
    assert count(*spoken, reset, other) == 2
    assert count(*spoken, reset, tcp(4, flags=fr.SYN | fr.ACK, seq=90, answer=True)) == 1
    assert count(*spoken, other) == 1
    assert count(*opening, reset, other) == 1


def test_the_originator_of_a_flow_seen_midway_is_the_client():
    """Without opening the end on a server's port is the responder; a SYN-ACK's sender always is."""
    flows = finish(swept([tcp(1, answer=True), udp(1, AWAY, HOME, (53, 40000)), udp(1, ports=(53, 53))]).tables)
    assert flows.orig_p.tolist() == [40000, 40000, 53]
    assert flows.history.tolist()[0].startswith("^")
    first = finish(swept([tcp(1, flags=fr.SYN | fr.ACK, answer=True)]).tables)
    assert (first.orig_h[0], first.resp_h[0]) == (HOME, AWAY)


def test_ten_thousand_flows_find_themselves_again():
    """The table grows, and each frame still finds its flow."""
    shots = [udp(second, f"10.{k >> 8}.{k & 255}.9") for second in (1, 2) for k in range(10_000)]
    sweep = swept(shots)
    assert sweep.counter(fl.FLOWS) == 10_000
    packets = sweep.tables.sides["packets"][:20_000]
    assert sorted(packets.tolist()) == [0] * 10_000 + [2] * 10_000


MANY = 1 << 14
STEPS = np.arange(MANY, dtype=np.int64)


@kernel
def looked_at(one, other, one_port, other_port, seed, slots):
    """How many slots are looked at while flows between these ends are entered, one after the other."""
    mask = slots.size - 1
    looks = 0
    for k in range(one.size):
        at = fl.ends_hash(V4_MAPPED | one[k], V4_MAPPED | other[k], one_port[k], other_port[k], 6, seed) & mask
        looks += 1
        while slots[at] >= 0:
            at = (at + 1) & mask
            looks += 1
        slots[at] = k
    return looks


@pytest.mark.parametrize(
    "ends",
    [
        (1, 2, STEPS & 127, STEPS >> 7),
        (1, 2, STEPS, 80),
        (1, STEPS, 40000, 102),
        (STEPS & 127, 0x10000 + (STEPS >> 7), 2222, 2222),
        (1 << 8 * (STEPS & 3), STEPS >> 2, STEPS & 3, 5),
    ],
    ids=["ports by ports", "ports", "hosts", "hosts by hosts", "bits"],
)
@pytest.mark.parametrize("seed", [0, 1, 1 << 40, *np.random.default_rng(7).integers(1 << 62, size=20)])
def test_flows_that_go_by_steps_lie_apart(ends, seed):
    """A scan or a flood finds its slots as soon as any flows do: at half load 1.5 of them are looked at (Knuth)."""
    columns = [np.ascontiguousarray(np.broadcast_to(np.int64(end), MANY)) for end in ends]
    looks = looked_at(*columns, np.int64(seed), np.full(2 * MANY, -1, np.int64))
    assert looks < 1.6 * MANY
