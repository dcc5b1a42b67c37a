"""Numbers with their units."""

from __future__ import annotations

import pytest

from analyzer.exporting import units


@pytest.mark.parametrize(
    ("bps", "told"), [(0, "0 bit/s"), (999, "999 bit/s"), (1250, "1.25 kbit/s"), (1e7, "10 Mbit/s"), (2e9, "2 Gbit/s")]
)
def test_rates(bps, told):
    """In steps of a thousand."""
    assert units.rate(bps) == told


@pytest.mark.parametrize(("low", "high", "told"), [(1e3, 1e3, "1 kbit/s"), (1e3, 5e3, "1 to 5 kbit/s")])
def test_spans(low, high, told):
    """One rate, or two."""
    assert units.span(low, high) == told


@pytest.mark.parametrize(("bps", "told"), [(4, "0.00"), (1250, "1.25"), (98_760, "98.8"), (1_234_567, "1 235")])
def test_rates_in_columns(bps, told):
    """As many digits as a column has room for."""
    assert units.kbps(bps) == told


@pytest.mark.parametrize(("octets", "told"), [(0, "0 B"), (1500, "1.5 kB"), (2_500_000, "2.5 MB"), (3e9, "3.0 GB")])
def test_octets(octets, told):
    """In steps of a thousand, of a fraction too."""
    assert units.octets(octets) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(1, "1 s"), (10, "10 s"), (60, "1 min"), (300, "5 min"), (3600, "1 h"), (90, "1 min 30 s")]
)
def test_windows(seconds, told):
    """In the largest unit that goes into them."""
    assert units.window(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(5.25, "5.2 s"), (61, "1 min 1 s"), (3725, "1 h 2 min")])
def test_durations(seconds, told):
    """In the two largest units."""
    assert units.duration(seconds) == told
