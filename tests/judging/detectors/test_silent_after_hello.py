"""Hellos that meet silence: a filter's, a path's, a server's."""

import pytest

from analyzer.judging.detectors import silent_after_hello, stalled
from tests.builders.blocked import evidence, leanings
from tests.builders.site import EDGE, PUBLIC, RESOLVER, Scene


@pytest.fixture
def scene():
    """A site that was captured for two minutes."""
    return Scene()


def test_a_small_hello_that_vanishes(scene):
    """It fits a packet that any path carries, so no size explains it; and it is no stall."""
    row = scene.hello(EDGE, PUBLIC, "files.example")
    (found,) = evidence(silent_after_hello, scene)
    assert (found.flow, str(found.leaning), str(found.strength)) == (row, "blocked", "strong")
    assert found.detail.startswith("the ClientHello for files.example port 443 was sent 4 times: no answer")
    assert evidence(stalled, scene) == []


def test_a_hello_of_two_segments_may_fall_into_a_black_hole(scene):
    """Then the evidence is weaker."""
    row = scene.hello(EDGE, PUBLIC, "files.example", octets=1800)
    assert leanings(silent_after_hello, scene) == [(row, "blocked", "suggestive")]


def test_a_black_hole_shows_itself(scene):
    """The responder goes on acknowledging what came before, for the small segment behind arrived."""
    row = scene.hello(EDGE, PUBLIC, "files.example", octets=1800, resp_packets=3)
    assert leanings(silent_after_hello, scene) == [(row, "undetermined", "strong")]


def test_a_router_asks_for_smaller_packets(scene):
    """Fragmentation needed, and the client does not hear it."""
    row = scene.hello(EDGE, PUBLIC, "files.example", octets=1800)
    scene.error(RESOLVER, row, code=4, mtu=1400)
    (found,) = evidence(silent_after_hello, scene)
    assert (found.flow, str(found.leaning)) == (row, "undetermined")
    assert "1400 octets" in found.detail


def test_a_server_that_closes_later_never_heard_it(scene):
    """It waited for a hello, and then closed in order."""
    row = scene.hello(EDGE, PUBLIC, "files.example", resp_packets=2, resp_fins=1)
    assert leanings(silent_after_hello, scene) == [(row, "blocked", "strong")]


def test_a_hello_that_was_acknowledged_arrived(scene):
    """Who is silent then is the server."""
    row = scene.hello(EDGE, PUBLIC, "files.example", orig_acked=400, resp_packets=2)
    assert leanings(silent_after_hello, scene) == [(row, "undetermined", "suggestive")]


def test_the_healthy_twin(scene):
    """A hello that was answered, though sent twice."""
    scene.tls(EDGE, PUBLIC, "files.example", orig_retransmitted=400)
    assert evidence(silent_after_hello, scene) == []
