"""Failures to resolve."""

from analyzer.judging.detectors import dns_servfail
from tests.builders.blocked import evidence, leanings
from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, RESOLVER, Scene


def test_a_failure_is_mostly_nobodys_intent():
    """Broken DNSSEC, a zone that is down: undetermined."""
    scene = Scene()
    rows = [scene.lookup(EDGE, API, resolver=RESOLVER, rcode="SERVFAIL") for _ in range(3)]
    assert leanings(dns_servfail, scene) == [(row, "undetermined", "suggestive") for row in rows]


def test_another_resolver_resolves_it():
    """Then this one is kept from it."""
    scene = Scene()
    row = scene.lookup(EDGE, API, resolver=RESOLVER, rcode="SERVFAIL")
    scene.lookup(EDGE, API, PUBLIC, resolver=GOOGLE)
    assert leanings(dns_servfail, scene) == [(row, "blocked", "strong")]


def test_the_healthy_twin():
    """An answer."""
    scene = Scene()
    scene.lookup(EDGE, API, PUBLIC)
    assert evidence(dns_servfail, scene) == []
