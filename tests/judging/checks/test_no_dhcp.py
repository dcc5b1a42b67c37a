"""A static address."""

import pytest

from tests.builders.site import Scene, because, outcome

RULE = "mm-lan1-static"
PORT = "00:16:3e:00:00:aa"


def plant(duration_s=120):
    """A machine port that polls."""
    scene = Scene(duration_s)
    scene.poll("192.168.50.1", "192.168.50.21", orig_mac=PORT)
    return scene


@pytest.mark.parametrize(("duration_s", "expected"), [(120, "not_observed"), (100_000, "holds")])
def test_not_seen_is_static_only_over_a_day(duration_s, expected):
    """A lease is renewed after half its time."""
    assert outcome(plant(duration_s).judged(), RULE) == expected


def test_a_lease_fails():
    """With the port that took it."""
    scene = plant(100_000)
    scene.lease(PORT)
    made = scene.judged()
    assert (outcome(made, RULE), made.fails) == ("fails", True)
    assert f"DHCP through {PORT}" in because(made, RULE)


def test_without_an_edge_nothing_was_observed():
    """Nobody to take a lease."""
    assert outcome(Scene().judged(profiles=["machinemetrics"]), RULE) == "not_observed"
