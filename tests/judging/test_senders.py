"""Who sent a packet."""

import pytest

from analyzer.judging.senders import Origin, in_front, of_reset
from tests.builders.blocked import measured, view_of
from tests.builders.site import EDGE, PUBLIC, TRIP, Scene


@pytest.fixture
def scene():
    """A site with a public server beyond four routers, 25 ms away."""
    return measured()


@pytest.mark.parametrize(
    ("ttl", "delay_ns", "origin"),
    [
        (64, 20_000, Origin.FOREIGN),
        (62, TRIP, Origin.FOREIGN),
        (60, TRIP // 10, Origin.FOREIGN),
        (60, TRIP, Origin.OWN),
        (59, 2 * TRIP, Origin.OWN),
        (60, TRIP // 2, Origin.UNKNOWN),
        (0, TRIP, Origin.UNKNOWN),
    ],
)
def test_hops_and_time_tell(scene, ttl, delay_ns, origin):
    """Nearer or sooner than the server's own packets is somebody else; in between nothing is said."""
    scene.tls(EDGE, PUBLIC, "works.too.example")
    row = scene.reset(EDGE, PUBLIC, 7422, ttl=ttl, delay_ns=delay_ns)
    assert of_reset(view_of(scene), row).origin is origin


def test_the_shortest_trip_counts(scene):
    """A first answer may be slow; the server is as near as its fastest."""
    scene.tls(EDGE, PUBLIC, "works.too.example", synack_ns=20 * TRIP)
    scene.tls(EDGE, PUBLIC, "works.too.example")
    row = scene.reset(EDGE, PUBLIC, 7422, ttl=60, delay_ns=TRIP)
    assert of_reset(view_of(scene), row).origin is Origin.OWN


def test_who_answers_in_front_of_a_public_server(scene):
    """An answer without a hop, where other public servers are beyond some."""
    near = scene.flow(EDGE, PUBLIC, 80, resp_ttl=64, resp_ttl_low=64, resp_ttl_high=64)
    far = scene.flow(EDGE, "203.0.113.81", 80)
    view = view_of(scene)
    found = in_front(view, near)
    assert (found.origin, in_front(view, far)) == (Origin.FOREIGN, None)


def test_nobody_is_in_front_where_all_are_next_door():
    """A virtual machine's NAT answers for all."""
    scene = Scene()
    row = scene.flow(EDGE, PUBLIC, 80, resp_ttl=64, resp_ttl_low=64, resp_ttl_high=64)
    assert in_front(view_of(scene), row) is None
