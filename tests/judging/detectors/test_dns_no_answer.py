"""Questions that stay without answer."""

from analyzer.judging.detectors import dns_no_answer
from tests.builders.blocked import evidence, leanings
from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, RESOLVER, Scene


def test_a_resolver_that_says_nothing():
    """How often it was asked for what is told."""
    scene = Scene()
    row = scene.lookup(EDGE, API, unanswered=True)
    scene.rows["dns"][-1]["queries"] = 3
    (found,) = evidence(dns_no_answer, scene)
    assert (found.flow, str(found.leaning), str(found.strength)) == (row, "blocked", "suggestive")
    assert (found.detail, found.target) == (f"{GOOGLE} was asked 3 times for {API}, no answer", f"resolver {GOOGLE}")


def test_a_resolver_of_the_site_may_be_switched_off():
    """One that shows nowhere else is undetermined; one that does is on, and does not answer."""
    scene = Scene()
    row = scene.lookup(EDGE, API, resolver=RESOLVER, unanswered=True)
    assert leanings(dns_no_answer, scene) == [(row, "undetermined", "suggestive")]
    scene.flow(EDGE, RESOLVER, 22)
    assert leanings(dns_no_answer, scene) == [(row, "blocked", "suggestive")]


def test_an_answer_that_the_capture_lacks():
    """A client that then reached the name, which nobody told it otherwise, had its answer."""
    scene = Scene()
    scene.lookup(EDGE, API, unanswered=True)
    scene.tls(EDGE, PUBLIC, API)
    assert evidence(dns_no_answer, scene) == []


def test_a_fallback_does_not_excuse_the_first():
    """Where another resolver told the name, the first one was silent all the same."""
    scene = Scene()
    row = scene.lookup(EDGE, API, unanswered=True)
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    scene.tls(EDGE, PUBLIC, API)
    assert [found.flow for found in evidence(dns_no_answer, scene)] == [row]


def test_the_healthy_twin():
    """An answer, be it NXDOMAIN, is no silence."""
    scene = Scene()
    scene.lookup(EDGE, API, PUBLIC)
    scene.lookup(EDGE, "nowhere.example", rcode="NXDOMAIN")
    assert evidence(dns_no_answer, scene) == []
