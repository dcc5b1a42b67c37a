"""Refused openings: by a firewall, by the server itself, and by nobody knows whom."""

import pytest

from analyzer.judging.detectors import syn_refused
from tests.builders.blocked import FAR, evidence, leanings
from tests.builders.site import EDGE, MACHINE, PUBLIC, Scene


@pytest.fixture
def scene():
    """A site with a public server, four hops and 25 ms away, that works."""
    made = Scene()
    made.tls(EDGE, FAR, "works.example")
    return made


def test_a_reset_from_next_door_in_the_name_of_a_public_server(scene):
    """It passed no router, and 20 microseconds are no round trip: somebody on the way refuses."""
    scene.arp("10.7.0.1", "02:00:00:00:00:01")
    row = scene.reset(EDGE, PUBLIC)
    (found,) = evidence(syn_refused, scene)
    assert (found.flow, str(found.leaning), str(found.strength)) == (row, "blocked", "strong")
    assert found.detail.endswith(f"it passed no router, and between {EDGE} and {PUBLIC} there is one")
    assert found.by == "10.7.0.1 (02:00:00:00:00:01)"


def test_a_server_whose_other_port_works_is_measured_by_it(scene):
    """Its own packets lose four hops; a reset that lost one is not its own."""
    scene.tls(EDGE, PUBLIC, "works.too.example")
    row = scene.reset(EDGE, PUBLIC, 7422, ttl=63, delay_ns=300_000)
    assert leanings(syn_refused, scene) == [(row, "blocked", "strong")]


def test_the_server_itself_refuses(scene):
    """The TTL of its other packets and a full round trip: nobody's block."""
    scene.tls(EDGE, PUBLIC, "works.too.example")
    row = scene.reset(EDGE, PUBLIC, 7422, ttl=60, delay_ns=25_000_000)
    (found,) = evidence(syn_refused, scene)
    assert (found.flow, str(found.leaning), found.by) == (row, "undetermined", PUBLIC)
    assert "the server itself refuses" in found.detail


def test_a_server_that_was_met_once_and_answers_after_a_full_round_trip(scene):
    """As long as other public hosts take, and through routers: its own refusal."""
    row = scene.reset(EDGE, PUBLIC, ttl=55, delay_ns=40_000_000)
    assert leanings(syn_refused, scene) == [(row, "undetermined", "suggestive")]


def test_a_load_balancer_with_another_ttl_at_the_same_distance(scene):
    """255 and 64 are what stacks begin with; four hops off either is the same place."""
    scene.tls(EDGE, PUBLIC, "works.too.example")
    row = scene.reset(EDGE, PUBLIC, 7422, ttl=251, delay_ns=25_000_000)
    assert leanings(syn_refused, scene) == [(row, "undetermined", "suggestive")]


def test_a_closed_port_of_a_machine(scene):
    """A host of the site that refuses says that nothing listens there."""
    row = scene.reset(EDGE, MACHINE, 502)
    assert leanings(syn_refused, scene) == [(row, "undetermined", "suggestive")]


def test_nothing_to_compare_with():
    """Where no public host shows how far away such hosts are, nobody is accused."""
    scene = Scene()
    row = scene.reset(EDGE, PUBLIC)
    assert leanings(syn_refused, scene) == [(row, "undetermined", "suggestive")]


def test_behind_the_nat_of_a_virtual_machine_every_host_is_next_door():
    """There a program of the same machine answers for all, and hops say nothing."""
    scene = Scene()
    scene.tls(EDGE, FAR, "works.example", resp_ttl=64, resp_ttl_low=64, resp_ttl_high=64)
    row = scene.reset(EDGE, PUBLIC, delay_ns=30_000_000)
    assert leanings(syn_refused, scene) == [(row, "undetermined", "suggestive")]


def test_the_healthy_twin(scene):
    """A connection that its client resets at the end is none."""
    scene.tls(EDGE, PUBLIC, "works.too.example", orig_rsts=1, rst_from_orig=True, rst_frame=9)
    assert evidence(syn_refused, scene) == []
