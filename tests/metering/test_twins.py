"""Flows that stand in a capture before and after a NAT."""

from __future__ import annotations

import pytest

from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

INSIDE, GATE, SERVER = "10.0.0.7", "198.51.100.23", "192.0.2.80"
MS = 1_000_000


def opening(client, server, ttls, *, ts_ns=0, isns=(100, 900), port=40000):
    """SYN and SYN-ACK as they pass a place at which the packets have these TTLs."""
    syn = fr.tcp(port, 443, seq=isns[0], flags=fr.SYN)
    answer = fr.tcp(443, port, seq=isns[1], ack=isns[0] + 1, flags=fr.SYN | fr.ACK)
    return [
        Shot(ts_ns, fr.linked(fr.ipv4(client, server, fr.TCP, syn, ttl=ttls[0]))),
        Shot(ts_ns + 25 * MS, fr.linked(fr.ipv4(server, client, fr.TCP, answer, ttl=ttls[1]))),
    ]


def twins(*sent):
    """Which flow each flow is once more."""
    return finish(
        swept(sorted((shot for shots in sent for shot in shots), key=lambda shot: shot.ts_ns)).tables
    ).twin.tolist()


def test_a_flow_on_both_sides_of_a_nat_is_one():
    """The leg of the inside host stays, whichever comes first."""
    inside = opening(INSIDE, SERVER, (64, 52))
    assert twins(inside, opening(GATE, SERVER, (63, 53), ts_ns=100)) == [-1, 0]
    assert twins(opening(INSIDE, SERVER, (64, 52), ts_ns=100), opening(GATE, SERVER, (63, 53))) == [1, -1]


def test_a_forwarded_port_is_one_flow():
    """There the responder's address changes."""
    came = opening("203.0.113.9", GATE, (50, 63))
    assert twins(came, opening("203.0.113.9", INSIDE, (49, 64), ts_ns=100)) == [1, -1]


@pytest.mark.parametrize(
    "other",
    [
        opening(GATE, SERVER, (64, 53), ts_ns=100),
        opening(GATE, SERVER, (63, 53), ts_ns=100, isns=(101, 900)),
        opening(GATE, SERVER, (63, 53), ts_ns=100, isns=(100, 901)),
        opening(GATE, SERVER, (63, 54), ts_ns=100),
        opening(GATE, "192.0.2.81", (63, 53), ts_ns=100),
        opening(GATE, SERVER, (63, 53), ts_ns=1_500 * MS),
    ],
    ids=["no hop", "a proxy's number", "another answer", "hops that do not fit", "another server", "too late"],
)
def test_two_flows_are_two(other):
    """Whatever a NAT does not do makes another flow."""
    assert twins(opening(INSIDE, SERVER, (64, 52)), other) == [-1, -1]


def test_datagrams_are_told_by_their_payload():
    """A question and its answer, once more behind the gateway."""

    def exchange(client, ttl, ts_ns, payload=b"question"):
        return [Shot(ts_ns, fr.linked(fr.ipv4(client, SERVER, fr.UDP, fr.udp(5000, 53, payload), ttl=ttl)))]

    assert twins(exchange(INSIDE, 64, 0), exchange(GATE, 63, 1000)) == [-1, 0]
    assert twins(exchange(INSIDE, 64, 0), exchange(GATE, 63, 1000, b"another!")) == [-1, -1]


def test_many_flows_with_one_number_are_no_pairs_of_pairs():
    """Each flow is the twin of one other at most."""
    found = twins(*(opening(f"10.0.0.{k}", SERVER, (64 - k % 2, 52 + k % 2), ts_ns=k, port=40000) for k in range(9)))
    assert all(found[twin] == -1 for twin in found if twin >= 0)
