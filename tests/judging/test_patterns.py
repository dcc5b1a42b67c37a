"""Many patterns at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.judging.patterns import Names, Places
from analyzer.rulepack import matches_name

LABELS = st.lists(st.sampled_from(["a", "b", "example", ""]), max_size=4).map(".".join)


@given(st.lists(st.tuples(st.sampled_from(["", "*."]), LABELS).map("".join), max_size=3), LABELS)
def test_many_patterns_mean_what_each_means(patterns, name):
    """As rulepack.matches_name says of one, without final dots."""
    wanted = name.rstrip(".")
    assert Names(patterns).mean(wanted) == any(matches_name(pattern, wanted) for pattern in patterns)


@pytest.mark.parametrize(
    ("address", "held"),
    [("192.0.2.7", True), ("192.0.2.8", False), ("10.200.0.1", True), ("fd00::5", True), ("nonsense", False)],
)
def test_places_hold_addresses_and_networks(address, held):
    """Versions do not mix, and what is no network holds nothing."""
    assert Places(["192.0.2.7", "10.0.0.0/8", "fd00::/8", "junk"]).hold(address) is held
