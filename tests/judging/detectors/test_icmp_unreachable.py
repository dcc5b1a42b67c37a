"""Errors of delivery: from a filter, from the site's router, from far away, from the server."""

import pytest

from analyzer.judging.detectors import icmp_unreachable
from tests.builders.blocked import evidence, leanings
from tests.builders.site import EDGE, MACHINE, PUBLIC, RESOLVER, Scene


@pytest.fixture
def tried():
    """A scene with one SYN that got no SYN-ACK, and its flow."""
    scene = Scene()
    return scene, scene.silent(EDGE, PUBLIC, syns=1)


def test_port_unreachable_from_somebody_else_is_a_filter(tried):
    """Only the host itself knows its ports."""
    scene, row = tried
    scene.error(RESOLVER, row, code=3)
    (found,) = evidence(icmp_unreachable, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)


def test_port_unreachable_from_the_server_is_its_own(tried):
    """A closed port is nobody's block."""
    scene, row = tried
    scene.error(PUBLIC, row, code=3, ttl=60)
    assert leanings(icmp_unreachable, scene) == [(row, "undetermined", "strong")]


@pytest.mark.parametrize("code", [0, 1])
def test_the_router_of_the_site_knows_no_way(tried, code):
    """A routing fault looks the same, so it has to come again."""
    scene, row = tried
    scene.error(RESOLVER, row, code=code)
    (found,) = evidence(icmp_unreachable, scene)
    assert (str(found.leaning), str(found.strength), found.alone) == ("blocked", "suggestive", False)


def test_a_router_far_outside_found_nobody(tried):
    """What happens at the other end is nobody's block here."""
    scene, row = tried
    scene.error("198.51.100.77", row, code=1, ttl=55)
    assert leanings(icmp_unreachable, scene) == [(row, "undetermined", "suggestive")]


def test_a_machine_that_is_switched_off():
    """The router beside it says so."""
    scene = Scene()
    row = scene.silent(EDGE, MACHINE, 502, syns=1)
    scene.error(RESOLVER, row, code=1)
    assert leanings(icmp_unreachable, scene) == [(row, "undetermined", "suggestive")]


def test_a_packet_that_runs_in_circles(tried):
    """Time exceeded is a loop in routing."""
    scene, row = tried
    scene.error("198.51.100.77", row, kind=11, code=0)
    (found,) = evidence(icmp_unreachable, scene)
    assert (str(found.leaning), found.detail.endswith("(a routing loop)")) == ("undetermined", True)


@pytest.mark.parametrize(("kind", "code"), [(3, 4), (3, 13), (4, 0), (5, 1)])
def test_size_policy_quench_and_redirects_are_other_matters(tried, kind, code):
    """None of them says that it cannot be delivered."""
    scene, row = tried
    scene.error(RESOLVER, row, kind=kind, code=code)
    assert evidence(icmp_unreachable, scene) == []
