"""Answers that lead nowhere."""

import pytest

from analyzer.judging.detectors import dns_sinkholed
from tests.builders.blocked import evidence, leanings
from tests.builders.site import API, EDGE, GOOGLE, IPAD, NEXUS, PUBLIC, RESOLVER, Scene

PAGE = "10.7.0.200"


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "::", "::1"])
def test_no_host_has_such_an_address(address):
    """Once is enough."""
    scene = Scene()
    row = scene.lookup(EDGE, API, address, resolver=RESOLVER)
    (found,) = evidence(dns_sinkholed, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)
    assert found.detail == f"{RESOLVER} answers {API} with {address}, which is no host"


def test_an_address_of_no_host_beside_a_good_one():
    """A resolver that switches IPv6 off for a name lets it work."""
    scene = Scene()
    scene.lookup(EDGE, API, "::", qtype="AAAA", resolver=RESOLVER)
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    assert evidence(dns_sinkholed, scene) == []


def test_a_known_block_page():
    """Cisco Umbrella's pages have addresses of their own."""
    scene = Scene()
    row = scene.lookup(EDGE, API, "146.112.61.106")
    assert leanings(dns_sinkholed, scene) == [(row, "blocked", "strong")]


def test_one_address_for_everybody():
    """Three operators do not share a host."""
    scene = Scene()
    names = (API, "api.balena-cloud.com", "notify.bugsnag.com")
    rows = [scene.lookup(EDGE, name, "203.0.113.9", resolver=RESOLVER) for name in names]
    assert leanings(dns_sinkholed, scene) == [(row, "blocked", "strong") for row in rows]


def test_two_operators_may_share_a_network_of_delivery():
    """That is no sign yet."""
    scene = Scene()
    for name in (API, "api.balena-cloud.com"):
        scene.lookup(EDGE, name, "203.0.113.9", resolver=RESOLVER)
    assert evidence(dns_sinkholed, scene) == []


def test_a_private_address_that_serves_nothing():
    """Suggestive: split-horizon DNS looks the same."""
    scene = Scene()
    row = scene.lookup(EDGE, API, PAGE, resolver=RESOLVER)
    scene.silent(EDGE, PAGE)
    assert leanings(dns_sinkholed, scene) == [(row, "blocked", "suggestive")]


def test_a_private_address_that_serves_the_name():
    """A mirror of the site's own, or a proxy."""
    scene = Scene()
    row = scene.lookup(EDGE, API, PAGE, resolver=RESOLVER)
    scene.tls(EDGE, PAGE, API)
    assert leanings(dns_sinkholed, scene) == [(row, "undetermined", "suggestive")]


def test_a_private_address_where_another_resolver_gives_a_public_one():
    """Then it is this resolver's own invention."""
    scene = Scene()
    row = scene.lookup(EDGE, API, PAGE, resolver=RESOLVER)
    scene.lookup(EDGE, API, PUBLIC, resolver=GOOGLE)
    (found,) = evidence(dns_sinkholed, scene)
    assert (found.flow, str(found.strength), found.alone) == (row, "strong", True)


def test_a_name_that_is_local_by_design():
    """The NEXUS's name stands for its address on the site."""
    scene = Scene()
    scene.lookup(IPAD, "lab1234.skalanexus.com", NEXUS, resolver=RESOLVER)
    assert evidence(dns_sinkholed, scene, local=["*.skalanexus.com"]) == []


def test_the_healthy_twin():
    """A public address."""
    scene = Scene()
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    assert evidence(dns_sinkholed, scene) == []
