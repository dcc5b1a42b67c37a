"""Which side each tap is on."""

from __future__ import annotations

import pytest

from analyzer.comparing import SidesError, lay
from tests.builders.taps import HERE, Site


def through_nat():
    """Two sessions and a question, which leave with the NAT's address."""
    site = Site()
    site.passed("a.example.com", hello=1)
    site.passed("b.example.com", hello=2)
    site.asked(9)
    return site


def test_a_nat_is_a_border():
    """What is private inside is public outside."""
    assert lay(*through_nat().seen()).border


def test_one_capture_twice_is_refused():
    """It would show that nothing is opened between the taps, and nothing is between them."""
    inside, _ = through_nat().seen()
    with pytest.raises(SidesError, match="the same capture"):
        lay(inside, inside)


def test_sides_in_the_wrong_order_are_refused():
    """The public address is outside."""
    inside, outside = through_nat().seen()
    with pytest.raises(SidesError, match="swapped"):
        lay(outside, inside)


def test_a_router_is_a_border():
    """Without a NAT the hop that is lost tells which side is which."""
    site = through_nat()
    for row in site.outside.rows["flows"]:
        row.update(orig_h=HERE, orig_ttl=63)
    inside, outside = site.seen()
    assert lay(inside, outside).border
    with pytest.raises(SidesError, match="swapped"):
        lay(outside, inside)


def test_a_bridge_shows_no_border():
    """A firewall without an address changes nothing: its sides may be two taps on one side as well."""
    site = through_nat()
    for row in site.outside.rows["flows"]:
        row.update(orig_h=HERE, start_ns=row["start_ns"] + 1000)
    assert not lay(*site.seen()).border
