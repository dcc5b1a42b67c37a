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


@given(
    st.lists(st.sampled_from([0, 0, 0, 7, 1250, 10**9]), min_size=3, max_size=80),
    st.integers(0, 400),
    st.integers(0, 400),
    st.integers(1, 20),
)
def test_time_in_which_nothing_was_sent_is_counted_without_being_looked_at(octets, before, after, length):
    """The rate of a series is that of all its windows, however few hold anything."""
    held = np.array([0] * before + octets + [0] * after, np.int64)
    span = Span(0, S, len(held), 0, len(held) * S)
    if len(held) <= length:
        return
    found = rating.windows(held, 1.0, length)
    p50, p95, p99 = np.percentile(found, (50, 95, 99)).tolist()
    rate = rating.rate(held, span, length)
    assert (rate.p50_bps, rate.p95_bps, rate.p99_bps, rate.peak_bps) == (p50, p95, p99, found.max())


def test_where_windows_are_too_many_every_nth_is_looked_at(monkeypatch):
    """By their place among all windows, wherever the first lies that holds anything."""
    monkeypatch.setattr(rating, "MOST_WINDOWS", 10)
    held = series(over(99), dict(enumerate(range(40, 90), 3)))
    found = rating.windows(held, 1.0, 4)
    p50, p95, p99 = np.percentile(found[:: len(found) // 10], (50, 95, 99)).tolist()
    rate = rating.rate(held, over(99), 4)
    assert (rate.p50_bps, rate.p95_bps, rate.p99_bps, rate.peak_bps) == (p50, p95, p99, found.max())
