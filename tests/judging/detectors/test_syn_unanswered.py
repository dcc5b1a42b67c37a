"""SYNs that vanish, hosts that are switched off, and captures that end."""

import pytest

from analyzer.judging.detectors import syn_unanswered
from tests.builders.blocked import evidence, leanings
from tests.builders.site import EDGE, MACHINE, PUBLIC, Scene


@pytest.fixture
def scene():
    """A site that was captured for two minutes."""
    return Scene()


def test_syns_to_a_public_host_that_vanish(scene):
    """They lean to a block, and say how often it was tried, in which frames."""
    row = scene.silent(EDGE, PUBLIC)
    (found,) = evidence(syn_unanswered, scene)
    assert (str(found.leaning), str(found.strength), found.alone) == ("blocked", "suggestive", False)
    assert found.detail == f"4 SYNs to {PUBLIC} port 443/tcp in 1 attempt, no answer"
    assert (found.target, found.frames) == (f"{PUBLIC} port 443/tcp", (10 * row + 1, 10 * row + 10))


def test_the_healthy_twin(scene):
    """A flow that was answered is no evidence, however often its SYN was sent."""
    scene.flow(EDGE, PUBLIC, 443, orig_syns=3)
    assert evidence(syn_unanswered, scene) == []


def test_a_machine_of_which_nothing_else_is_seen_may_be_off(scene):
    """Within the site silence is no block unless the host shows that it is on."""
    row = scene.silent(EDGE, MACHINE, 502)
    assert leanings(syn_unanswered, scene) == [(row, "undetermined", "suggestive")]


@pytest.mark.parametrize("sign", ["flow", "arp"])
def test_a_host_that_is_on_has_a_silent_port(scene, sign):
    """Another flow of it, or its ARP, shows that it is on: then one attempt with its retries is enough."""
    row = scene.silent(EDGE, MACHINE, 502)
    if sign == "arp":
        scene.arp(MACHINE)
    else:
        scene.flow(EDGE, MACHINE, 8193)
    (found,) = evidence(syn_unanswered, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)


def test_a_host_that_is_on_and_was_asked_once_may_have_lost_it(scene):
    """A single SYN is not enough by itself."""
    scene.silent(EDGE, MACHINE, 502, syns=1)
    scene.arp(MACHINE)
    assert [found.alone for found in evidence(syn_unanswered, scene)] == [False]


@pytest.mark.parametrize("given", [{"midstream": True}, {"one_sided": True}])
def test_what_was_not_seen_whole_is_nothing(scene, given):
    """A flow met in its middle, or of which one direction is missing, tells nothing of answers."""
    scene.silent(EDGE, PUBLIC, **given)
    assert evidence(syn_unanswered, scene) == []
