"""What an address is by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.addresses import Reach, hops, local_to, neighbours, parse, reach, within_texts


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.1.2.3", Reach.LOCAL),
        ("172.31.0.1", Reach.LOCAL),
        ("172.32.0.1", Reach.PUBLIC),
        ("100.64.0.1", Reach.LOCAL),
        ("169.254.1.1", Reach.LOCAL),
        ("fe80::1", Reach.LOCAL),
        ("fd00::1", Reach.LOCAL),
        ("2001:db8::1", Reach.PUBLIC),
        ("198.51.100.23", Reach.PUBLIC),
        ("239.255.255.250", Reach.GROUP),
        ("ff02::fb", Reach.GROUP),
        ("255.255.255.255", Reach.EVERYBODY),
        ("0.0.0.0", Reach.NOBODY),
        ("::1", Reach.NOBODY),
        ("not an address", Reach.NOBODY),
        ("::ffff:10.0.0.1", Reach.LOCAL),
    ],
)
def test_reach_follows_the_registries(address, kind):
    """Private, shared, link-local and unique local addresses are the site's; groups and nobody are neither."""
    assert reach(address) is kind


@given(st.text())
def test_any_text_is_some_reach(text):
    """No text that stands where an address should be raises."""
    assert reach(text) in Reach
    assert within_texts(text, [text]) is (parse(text) is not None)


def test_neighbours_share_a_subnet_of_the_usual_length():
    """24 bits in IPv4 and 64 in IPv6; versions do not mix."""
    assert neighbours("192.0.2.1", "192.0.2.254")
    assert not neighbours("192.0.2.1", "192.0.3.1")
    assert neighbours("2001:db8::1", "2001:db8::ffff")
    assert not neighbours("192.0.2.1", "2001:db8::1")


def test_a_site_with_public_addresses_is_local_to_itself():
    """A public address in one's own subnet is on the site, another one is not."""
    assert local_to("192.0.2.1", "192.0.2.7")
    assert not local_to("192.0.2.1", "198.51.100.7")
    assert local_to("192.0.2.1", "10.0.0.1")


def test_networks_that_are_none_hold_nothing():
    """Text that is no network is passed over."""
    assert within_texts("10.0.0.1", ["nonsense", "10.0.0.0/8"])
    assert not within_texts("10.0.0.1", ["nonsense", "fd00::/8"])


@pytest.mark.parametrize(("ttl", "passed"), [(64, 0), (53, 11), (128, 0), (117, 11), (255, 0), (30, 2), (1, 31)])
def test_hops_from_what_stacks_begin_with(ttl, passed):
    """32, 64, 128 or 255, the next one above."""
    assert hops(ttl) == passed
