"""Flows of two captures become pairs."""

from __future__ import annotations

from analyzer.comparing import lay
from analyzer.comparing.pairing import Sides
from tests.builders.taps import HERE, THERE, Site, pairs_of


def test_equal_hellos_pair_across_a_nat_and_another_clock():
    """A flow is found again by its hello, whatever its address, port and time outside."""
    site = Site(offset_s=1234)
    site.passed("api.example.com", hello=11)
    site.passed("b.example.net", hello=12)
    assert pairs_of(lay(*site.seen())) == [(0, 0, "same", "hello"), (1, 1, "same", "hello")]


def test_a_connection_without_tls_is_found_by_its_number():
    """The initial sequence number and the responder tell a plain connection."""
    site = Site()
    site.plain(port=7422, isn=77)
    assert pairs_of(lay(*site.seen())) == [(0, 0, "same", "isn")]


def test_what_several_flows_have_is_no_mark():
    """Two flows with the same number are not paired by it, but in the order of time."""
    site = Site()
    site.plain(port=7422, isn=77)
    site.plain(port=7422, isn=77)
    assert Sides(*site.seen()).exact() == []
    assert [row[:2] for row in pairs_of(lay(*site.seen()))] == [(0, 0), (1, 1)]


def test_other_hellos_pair_by_name_and_time():
    """Two sessions to one name, each said anew outside, are paired in the order in which they come."""
    site = Site(offset_s=-50)
    site.passed("known.example.com", hello=1)
    site.opened("api.example.com", hello=2)
    site.opened("api.example.com", hello=3)
    found = pairs_of(lay(*site.seen()))
    assert found == [(0, 0, "same", "hello"), (1, 1, "opened", "name"), (2, 2, "opened", "name")]


def test_what_is_far_apart_in_time_is_no_pair():
    """A session outside to the same name a minute later is another one's."""
    site = Site()
    site.passed("known.example.com", hello=1)
    for scene, client, hello in ((site.inside, HERE, 5), (site.outside, THERE, 6)):
        row = site.session(scene, client, "api.example.com", hello)
        site.stamp(scene, row, 0, orig_isn=hello, twin=-1)
        site.wait(60)
    assert "opened" not in {row[2] for row in pairs_of(lay(*site.seen()))}
