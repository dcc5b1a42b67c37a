"""Refusals; what they share with denials is tested there."""

from analyzer.judging.detectors import dns_refused
from tests.builders.blocked import evidence
from tests.builders.site import API, EDGE, RESOLVER, Scene


def test_a_resolver_that_refuses():
    """Frames of question and answer, and who refused."""
    scene = Scene()
    row = scene.lookup(EDGE, API, resolver=RESOLVER, rcode="REFUSED")
    (found,) = evidence(dns_refused, scene)
    assert (found.frames, found.by) == ((10 * row + 1, 10 * row + 2), f"the resolver {RESOLVER}")
    assert found.detail == f"{RESOLVER} refuses to answer for {API} (REFUSED)"


def test_another_code_is_another_matter():
    """NXDOMAIN is no refusal."""
    scene = Scene()
    scene.lookup(EDGE, API, resolver=RESOLVER, rcode="NXDOMAIN")
    assert evidence(dns_refused, scene) == []
