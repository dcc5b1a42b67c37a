"""Mirrored copies are told from what was sent again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kernels import flows as fl
from analyzer.kernels.copies import FREE, SAMPLED, SETS, TCP_SAMPLED, WAYS, print_of
from analyzer.kernels.flows import scratch
from analyzer.kernels.headers import TCP, UDP
from analyzer.kernels.jit import kernel
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept
from tests.builders.traffic import numbers, shots

HOME, AWAY = "10.0.0.1", "192.0.2.7"
US = 1_000
PLACES = {"seq": 4, "ack": 8, "tsval": 24, "tsecr": 28}  # in a TCP header


def tcp(payload=b"x" * 20, *, ident=7, ttl=64, flags=fr.ACK, seq=1, ts_ns=0, vlans=(), source=0, tos=0):
    """A segment from HOME on Ethernet."""
    body = fr.tcp(40000, 443, seq=seq, ack=9, flags=flags, payload=payload)
    packet = fr.ipv4(HOME, AWAY, fr.TCP, body, ident=ident, ttl=ttl)
    return Shot(ts_ns, fr.linked(packet[:1] + bytes([tos]) + packet[2:], source=source, vlans=vlans))


def copies(*sent):
    """How many of the shots are taken for copies."""
    return swept(sent).counter(fl.COPIES)


@pytest.mark.parametrize(
    "changed",
    [{}, {"ttl": 63}, {"ttl": 65}, {"vlans": ((0x8100, 7),)}, {"source": 1}, {"tos": 0x28}],
    ids=["all the same", "hop behind", "hop before", "VLAN", "MAC", "DSCP"],
)
@pytest.mark.parametrize("later", [0, 5 * US, 9_000 * US])
def test_what_a_hop_or_a_mirror_changes_does_not_matter(changed, later):
    """The same packet within 10 ms is a copy."""
    assert copies(tcp(), tcp(ts_ns=later, **changed)) == 1


@pytest.mark.parametrize(
    "changed",
    [{"ident": 8}, {"seq": 2}, {"payload": b"y" * 20}, {"flags": fr.ACK | fr.PSH}, {"ttl": 62}, {"ts_ns": 11_000 * US}],
    ids=["identification", "number", "payload", "flags", "two hops", "later"],
)
def test_what_was_sent_again_is_no_copy(changed):
    """Another identification, or a moment later: somebody sent it."""
    assert copies(tcp(), tcp(**changed)) == 0


@kernel
def prints(octets, rows, out):
    """The print of each row."""
    for k in range(rows.size):
        out[k] = print_of(octets, rows[k])


@pytest.mark.parametrize(("proto", "sampled"), [(TCP, TCP_SAMPLED), (UDP, SAMPLED)])
@pytest.mark.parametrize("kept", [0, 7, 8, 15, 16, 17, 31, 32, 40, 100])
def test_whatever_bit_is_sampled_makes_another_print(proto, sampled, kept):
    """Packets that differ in a bit of what is sampled, of identification or length, have prints of their own."""
    places = {*range(min(kept, sampled)), *(range(max(kept - 8, 0), kept) if proto == UDP else ())}
    bits = [8 * at + bit for at in places for bit in range(8)]
    rows = scratch(1 + len(bits) + 64)
    octets = np.resize(np.frombuffer(bytes(range(7, 107)), np.uint8), (rows.size, 100)).copy()
    rows["proto"], rows["payload"], rows["ip_octets"], rows["transport_kept"] = proto, kept, kept + 20, kept
    rows["transport_at"] = 100 * np.arange(rows.size)
    for row, bit in enumerate(bits, 1):
        octets[row, bit // 8] ^= 1 << bit % 8
    for row, name, width in ((len(bits) + 1, "ip_id", 16), (len(bits) + 17, "ip_octets", 16), (-32, "src_lo", 32)):
        for bit in range(width):
            rows[name][row + bit] ^= 1 << bit
    made = np.zeros(rows.size, np.int64)
    prints(octets.ravel(), rows, made)
    assert np.unique(made).size == rows.size
    assert (made & FREE == 0).all()


GRID = 64


@pytest.mark.parametrize("steps", [(1, 1), (1448, 1), (1, 256), (512, 512)])
@pytest.mark.parametrize(("one", "other"), [*itertools.permutations([*PLACES, "src_lo", "ip_id"], 2)])
def test_packets_that_go_by_steps_have_prints_that_lie_apart(one, other, steps):
    """Whichever two fields count: no print is another's, and none of few sets has to hold them all."""
    rows, octets = scratch(GRID * GRID), np.zeros((GRID * GRID, 40), np.uint8)
    rows["proto"], rows["ip_octets"], rows["transport_kept"] = TCP, 60, 40
    rows["transport_at"] = 40 * np.arange(rows.size)
    for name, number, step in zip((one, other), np.divmod(np.arange(rows.size), GRID), steps, strict=True):
        if name in PLACES:
            octets[:, PLACES[name] : PLACES[name] + 4] = (number * step).astype(">u4").view(np.uint8).reshape(-1, 4)
        else:
            rows[name] = number * step
    made = np.zeros(rows.size, np.int64)
    prints(octets.ravel(), rows, made)
    assert np.unique(made).size == rows.size
    crowd = np.bincount(made >> 9 & SETS - 1, minlength=SETS)  # two in each, were they even
    assert np.maximum(crowd - WAYS, 0).sum() < 0.05 * rows.size


def test_retransmissions_are_kept():
    """A segment that came 0.2 s later is counted, although its octets are the same."""
    flows = finish(swept([tcp(), tcp(ts_ns=200_000 * US), tcp(ident=9, ts_ns=200_050 * US)]).tables)
    assert (flows.orig_packets.tolist(), flows.orig_retransmitted.tolist()) == ([3], [40])


def test_bare_packets_come_twice_by_themselves():
    """Resets without identification that follow each other are the host's own, unless its flow is mirrored."""
    reset = tcp(b"", ident=0, flags=fr.RST)
    again = tcp(b"", ident=0, flags=fr.RST, ts_ns=20 * US)
    assert copies(reset, again) == 0
    mirrored = [tcp(seq=number, ident=number, ts_ns=k * US) for number in (1, 30) for k in range(2)]
    late = [Shot(shot.ts_ns + 40 * US + k, shot.octets) for shot in (reset, again) for k in range(2)]
    assert copies(*mirrored, *late) == 4


def test_a_copy_is_found_among_hundreds_of_others():
    """A mirror with a queue hands over its copies in bursts."""
    burst = [tcp(seq=1 + 20 * k, ident=k + 1, ts_ns=k * US) for k in range(300)]
    assert copies(*burst, *(Shot(shot.ts_ns + 400 * US, shot.octets) for shot in burst)) == 300


def test_time_may_step_back():
    """A copy may stand behind with an earlier time."""
    assert copies(tcp(ts_ns=9_000 * US), tcp(ts_ns=2_000 * US)) == 1


def frames_aside(table, kept):
    """The cells of some rows of a table but for frame numbers, which count copies as well."""
    return {name: column[kept].tolist() for name, column in table._asdict().items() if not name.endswith("frame")}


@settings(max_examples=40)
@given(numbers, st.integers(0, 1))
def test_doubling_orderly_traffic_changes_no_flow(number, hop):
    """Every frame twice, the second a few µs later and a hop on: the same flows, frame numbers apart.

    Nothing tells that a connection is mirrored before its first packet that is whole and not bare, which may come late
    where it is met midway or opened in fragments.
    """
    once = [Shot(k * 20_000 * US, shot.octets, shot.origlen) for k, shot in enumerate(shots(number, chaos=0))]
    twice = [one for shot in once for one in (shot, Shot(shot.ts_ns + 5 * US, hopped(shot.octets, hop), shot.origlen))]
    plain, mirrored = swept(once), swept(twice)
    for one in (plain, mirrored):
        one.finish()
    one, two = finish(plain.tables), finish(mirrored.tables)
    opened = (one.proto != fr.TCP) | (~one.midstream & (plain.counter(fl.FRAGMENTS) == 0))
    assert frames_aside(two, opened) == frames_aside(one, opened)
    assert len(two.proto) == len(one.proto)
    if opened.all():
        assert mirrored.counter(fl.COPIES) == len(once) - plain.counter(fl.NOT_IP) - plain.counter(fl.UNDECODED)


def hopped(octets, hops):
    """A frame so many hops on, where it is plain IPv4."""
    if octets[12:14] != b"\x08\0" or octets[22] < 2:
        return octets
    return octets[:22] + bytes([octets[22] - hops]) + octets[23:]
