"""Servers of unrelated operators that answer from next door."""

import pytest

from analyzer.judging.ladder import operators_one_stack
from analyzer.judging.ladder.operators_one_stack import find
from tests.builders.blocked import FAR, NEAR
from tests.builders.certificates import Shown, found, sight_of
from tests.builders.site import EDGE, MACHINE, PC, PUBLIC

HOST, OTHER = "files.acme.com", "api.zebra.net"
ONE, TWO = PUBLIC, "198.51.100.7"
STACK = {**NEAR, "resp_mss": 1460}


@pytest.fixture
def scene():
    """A site with a server that answers from beyond some routers."""
    made = Shown()
    made.tls(EDGE, FAR, "works.example")
    return made


def test_unrelated_operators_next_door(scene):
    """Suggestive: who relays need not open."""
    rows = [scene.tls(EDGE, server, name, **STACK) for server, name in ((ONE, HOST), (TWO, OTHER))]
    assert found(operators_one_stack, scene) == [(row, "suggestive") for row in rows]
    seen = next(iter(find(sight_of(scene))))
    assert seen.detail == "2 servers of acme.com, zebra.net answer from next door with TTL 64 and MSS 1460"
    assert (seen.code, seen.target, seen.by) == ("operators-one-stack", HOST, "02:00:00:00:00:01")
    assert seen.frames == (10 * rows[0] + 1, 10 * rows[0] + 2)


@pytest.mark.parametrize(
    ("trip", "hello", "told"),
    [(100_000, 25_000_000, True), (100_000, 1_000_000, False), (25_000_000, 25_000_000, False), (-1, 9**9, False)],
)
def test_a_hello_that_took_a_longer_way(scene, trip, hello, told):
    """The SYN-ACK came at once, and the ServerHello did not."""
    for server, name in ((ONE, HOST), (TWO, OTHER)):
        scene.tls(EDGE, server, name, **STACK, synack_ns=trip)
        scene.rows["tls"][-1].update(answer_ns=hello)
    details = {seen.detail.partition("; ")[2] for seen in find(sight_of(scene))}
    assert details == {"the SYN-ACK came after 0.1 ms, the ServerHello after 25 ms" if told else ""}


@pytest.mark.parametrize(
    ("other", "name", "given"),
    [
        (TWO, "api.acme.com", {}),
        (ONE, OTHER, {}),
        (TWO, OTHER, {"resp_mss": 1380}),
        (TWO, OTHER, {"resp_ttl": 128, "resp_ttl_low": 128, "resp_ttl_high": 128}),
        (TWO, OTHER, {"resp_ttl": 60, "resp_ttl_low": 60, "resp_ttl_high": 60}),
        (TWO, OTHER, {"resp_mac": "02:00:00:00:00:02"}),
        (TWO, OTHER, {"resp_synacks": 0}),
        (TWO, "", {}),
        (MACHINE, OTHER, {}),
    ],
)
def test_what_is_not_one_stack(scene, other, name, given):
    """One operator, one server, another MSS, TTL, distance or neighbour, no SYN-ACK, no name, a host of the site."""
    scene.tls(EDGE, ONE, HOST, **STACK)
    scene.tls(EDGE, other, name, **{**STACK, **given})
    assert found(operators_one_stack, scene) == []


def test_two_clients_are_not_one(scene):
    """Each has its own way."""
    scene.tls(EDGE, ONE, HOST, **STACK)
    scene.tls(PC, TWO, OTHER, **STACK)
    assert found(operators_one_stack, scene) == []


def test_an_explicit_proxy_ends_connections_openly(scene):
    """That is what it is for."""
    for name in (HOST, OTHER):
        scene.tls(EDGE, "10.7.0.3", name, port=3128, **STACK)
        scene.rows["tls"][-1].update(via="connect")
    assert found(operators_one_stack, scene) == []


def test_where_all_servers_are_next_door():
    """Nothing tells that a router lies between: a virtual machine's NAT answers so for all."""
    scene = Shown()
    for server, name in ((ONE, HOST), (TWO, OTHER)):
        scene.tls(EDGE, server, name, **STACK)
    assert found(operators_one_stack, scene) == []


def test_a_capture_away_from_the_client(scene):
    """Beyond a router, next door to the capture is not next door to the client."""
    for server, name in ((ONE, HOST), (TWO, OTHER)):
        scene.tls(EDGE, server, name, **STACK, orig_ttl=63)
    assert found(operators_one_stack, scene) == []
