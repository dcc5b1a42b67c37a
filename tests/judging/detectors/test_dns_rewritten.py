"""Answers with other addresses than the document's."""

from analyzer.judging.detectors import dns_rewritten
from analyzer.judging.vantage import Documented
from tests.builders.blocked import evidence, leanings
from tests.builders.site import EDGE, PUBLIC, RESOLVER, Scene

NAME = "api.machinemetrics-us-gov.com"
DOCUMENTED = [Documented(NAME, ("18.252.129.108", "18.254.70.116"))]


def test_an_answer_with_none_of_the_documented_addresses():
    """Blocked where nothing works there."""
    scene = Scene()
    row = scene.lookup(EDGE, NAME, PUBLIC, resolver=RESOLVER)
    scene.silent(EDGE, PUBLIC)
    (found,) = evidence(dns_rewritten, scene, documented=DOCUMENTED)
    assert (found.flow, str(found.leaning), str(found.strength), found.about) == (row, "blocked", "strong", NAME)
    assert found.detail == f"{RESOLVER} answers {NAME} with {PUBLIC}; the document gives 18.252.129.108"


def test_the_vendor_may_have_moved():
    """Where the address works, the flow itself is judged, and this stands beside it."""
    scene = Scene()
    row = scene.lookup(EDGE, NAME, PUBLIC, resolver=RESOLVER)
    scene.tls(EDGE, PUBLIC, NAME)
    assert leanings(dns_rewritten, scene, documented=DOCUMENTED) == [(row, "undetermined", "strong")]


def test_the_healthy_twins():
    """One documented address among the answers is enough; a name without documented addresses may have any."""
    scene = Scene()
    scene.lookup(EDGE, NAME, PUBLIC, "18.254.70.116", resolver=RESOLVER)
    scene.lookup(EDGE, "other.example", PUBLIC, resolver=RESOLVER)
    assert evidence(dns_rewritten, scene, documented=DOCUMENTED) == []
