"""Rates over windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.site import BEGIN, EDGE, PUBLIC, UPLOADS, S, Scene


def upload(series, duration_s, window=300):
    """The budget row of an Edge that sent so many octets in these seconds."""
    scene = Scene(duration_s)
    scene.poll(EDGE, "10.7.0.21", "modbus", 502)
    row = scene.tls(
        EDGE, PUBLIC, UPLOADS, orig_octets=sum(octets for _, octets in series), resp_octets=0, start_ns=BEGIN
    )
    scene.rows["rates"] = [
        {"flow": row, "start_ns": BEGIN + second * S, "orig_octets": octets, "resp_octets": 0}
        for second, octets in series
    ]
    return next(budget for budget in scene.judged().budgets if budget.role == "edge")


def test_a_short_capture_is_one_window():
    """All figures are the mean over the whole time, and the window says how long that was."""
    rate = upload([(0, 15_000)], 120).rate
    assert (rate.mean_bps, rate.p95_bps, rate.peak_bps, rate.window_s) == (1000, 1000, 1000, 120)


def test_windows_slide_over_a_long_capture():
    """A burst shows in the peak, less in the mean."""
    rate = upload([(0, 75_000), (2000, 75_000)], 3000).rate
    assert (rate.mean_bps, rate.peak_bps, rate.window_s) == (400, 2000, 300)
    assert rate.p50_bps == 0


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 10_000)), max_size=20))
def test_the_mean_is_all_octets_over_all_time(series):
    """However the octets fall into bins; no percentile is above the peak."""
    rate = upload(series, 1000).rate
    assert rate.mean_bps == pytest.approx(sum(octets for _, octets in series) * 8 / 1000)
    assert rate.p50_bps <= rate.p95_bps <= rate.p99_bps <= rate.peak_bps
