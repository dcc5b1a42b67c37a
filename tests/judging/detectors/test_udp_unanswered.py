"""Requests over UDP that nobody answers."""

from analyzer.judging.detectors import udp_unanswered
from tests.builders.blocked import evidence, leanings
from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, RESOLVER, Scene


def test_a_time_server_that_says_nothing():
    """All of a client's time servers count as one target: any of them would do."""
    scene = Scene()
    row = scene.clock(EDGE, PUBLIC, unanswered=True)
    (found,) = evidence(udp_unanswered, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.target) == (
        row, "blocked", "suggestive", "time servers",
    )  # fmt: skip


def test_a_resolver_that_says_nothing():
    """Each resolver is a target of its own."""
    scene = Scene()
    row = scene.lookup(EDGE, API, unanswered=True)
    assert [(found.flow, found.target) for found in evidence(udp_unanswered, scene)] == [(row, f"resolver {GOOGLE}")]


def test_a_time_server_of_the_site_may_be_switched_off():
    """One that shows nowhere else is undetermined."""
    scene = Scene()
    row = scene.clock(EDGE, RESOLVER, unanswered=True)
    assert leanings(udp_unanswered, scene) == [(row, "undetermined", "suggestive")]


def test_the_healthy_twins():
    """What was answered is no evidence."""
    scene = Scene()
    scene.clock(EDGE, PUBLIC)
    scene.lookup(EDGE, API, PUBLIC)
    assert evidence(udp_unanswered, scene) == []


def test_protocols_that_need_no_answer():
    """Syslog is sent into silence on purpose."""
    scene = Scene()
    scene.udp(EDGE, PUBLIC, 514, service="syslog", unanswered=True)
    assert leanings(udp_unanswered, scene) == []
