"""Errors that speak of policy, and who sends them."""

import pytest

from analyzer.judging.detectors import icmp_prohibited
from tests.builders.blocked import evidence, leanings
from tests.builders.site import EDGE, PUBLIC, RESOLVER, Scene


@pytest.mark.parametrize("code", [9, 10, 13])
def test_a_firewall_says_that_it_is_forbidden(code):
    """Once is enough, and its sender is the actor."""
    scene = Scene()
    row = scene.silent(EDGE, PUBLIC, syns=1)
    scene.error(RESOLVER, row, code=code)
    (found,) = evidence(icmp_prohibited, scene)
    assert (found.flow, str(found.leaning), str(found.strength), found.alone) == (row, "blocked", "strong", True)
    assert found.by == f"{RESOLVER}, 0 hops from the capture"
    assert found.detail == f"{RESOLVER} answered {PUBLIC} port 443/tcp with ICMP type 3 code {code}"


def test_icmpv6_says_it_with_other_numbers():
    """RFC 4443: type 1 code 1."""
    scene = Scene()
    row = scene.silent("2001:db8::10", "2001:db8:9::80", syns=1, ip_version=6)
    scene.error("2001:db8::1", row, kind=1, code=1, ttl=255)
    assert leanings(icmp_prohibited, scene) == [(row, "blocked", "strong")]


def test_the_server_itself_refuses():
    """Its own host firewall is its own matter."""
    scene = Scene()
    row = scene.silent(EDGE, PUBLIC, syns=1)
    scene.error(PUBLIC, row, ttl=60)
    assert leanings(icmp_prohibited, scene) == [(row, "undetermined", "strong")]


def test_other_errors_say_something_else():
    """Host unreachable and too large a packet are not policy."""
    scene = Scene()
    row = scene.silent(EDGE, PUBLIC)
    scene.error(RESOLVER, row, code=1)
    scene.error(RESOLVER, row, code=4, mtu=1400)
    assert evidence(icmp_prohibited, scene) == []


def test_a_flow_that_was_answered_all_the_same():
    """An error about a flow that works may be forged, or about one packet of it."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, "works.example")
    scene.error(RESOLVER, row)
    assert evidence(icmp_prohibited, scene) == []
