"""Octets per bin of time become rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import rating
from analyzer.rating import Span

S = 1_000_000_000


def over(seconds):
    """A span of so many whole seconds."""
    return Span(0, S, seconds + 1, 0, seconds * S)


def series(span, octets):
    """So many octets in seconds of a span."""
    made = np.zeros(span.bins, np.int64)
    for second, count in octets.items():
        made[second] = count
    return made


def test_idle_time_counts_as_zero():
    """A burst of ten seconds in a thousand has a mean of a hundredth, and fills most windows with nothing."""
    span = over(1000)
    rate = rating.rate(series(span, dict.fromkeys(range(100, 110), 1250)), span, 10)
    assert (rate.mean_bps, rate.p50_bps, rate.peak_bps, rate.window_s) == (100, 0, 10_000, 10)


def test_a_time_shorter_than_a_window_has_its_mean_only():
    """And says over how long that is."""
    span = over(120)
    rate = rating.rate(series(span, {0: 15_000}), span, 300)
    assert (rate.mean_bps, rate.p95_bps, rate.peak_bps, rate.window_s) == (1000, 1000, 1000, 120)


def test_what_had_not_begun_is_not_idle():
    """In a time shorter than a window the mean begins with what is counted; in a longer one it does not."""
    short, long = over(120), over(1000)
    assert rating.rate(series(short, {20: 12_500}), short, 300, since_ns=20 * S).mean_bps == 1000
    assert rating.rate(series(long, {20: 125_000}), long, 300, since_ns=20 * S).mean_bps == 1000


def test_a_time_without_bins_has_no_windows():
    """Nothing was captured: no window is carried, and no series is long."""
    nothing = Span(0, S, 0, 0, 0)
    assert (rating.carried(nothing, (1, 10)), len(rating.binned(np.array([0]), np.array([5]), 0))) == ([], 0)


@pytest.mark.parametrize(("seconds", "carried"), [(0.5, []), (61, [1, 10, 60]), (3601, [1, 10, 60, 3600])])
def test_a_time_carries_shorter_windows(seconds, carried):
    """Only what is shorter than the time can come more than once in it."""
    assert rating.carried(Span(0, S, 9, 0, int(seconds * S)), (1, 10, 60, 3600)) == carried


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60), st.integers(1, 20))
def test_windows_are_sums_of_their_bins(octets, length):
    """Each window that begins with a bin, and no other."""
    found = rating.windows(np.array(octets, np.int64), 1.0, length)
    wanted = [sum(octets[at : at + length]) * 8 / length for at in range(len(octets) - length + 1)]
    assert found.tolist() == pytest.approx(wanted)
