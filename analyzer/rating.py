"""Octets per bin of time become rates: a mean, percentiles and a peak over windows that begin with every bin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.findings import Rate
from analyzer.observations import Observations

Counts = npt.NDArray[np.int64]

MOST_BINS = 10_000_000
"""Bins of one series, four months of seconds; what is longer has a mean and nothing else."""

MOST_WINDOWS = 100_000
PERCENTILES = (50, 95, 99)


class Span(NamedTuple):
    """The time that captures take: the first bin's begin, and how many bins there are; 0 for none, or too many."""

    start_ns: int
    bin_ns: int
    bins: int
    first_ns: int
    last_ns: int

    @property
    def duration_s(self) -> float:
        """Seconds from the first to the last frame, at least one bin."""
        return max(self.last_ns - self.first_ns, self.bin_ns) / 1e9

    def slot(self, at_ns: Any) -> Any:
        """The bin of a time, or of an array of times."""
        return (at_ns - self.start_ns) // self.bin_ns


def span(seen: Observations) -> Span:
    """The time that captures take, in the bins of their rates."""
    width = seen.quality.bin_ns
    held = [capture for capture in seen.captures if capture.packets]
    if not held:
        return Span(0, width, 0, 0, 0)
    first, last = min(capture.start_ns for capture in held), max(capture.end_ns for capture in held)
    starts = seen.rates.start_ns
    begin = min([first, *([int(starts.min())] if len(starts) else [])]) // width * width
    end = max([last, *([int(starts.max())] if len(starts) else [])]) // width * width
    bins = (end - begin) // width + 1
    return Span(begin, width, bins if bins <= MOST_BINS else 0, first, last)


def binned(slots: Counts, octets: Counts, bins: int) -> Counts:
    """Octets in each bin of a span; idle bins hold 0."""
    made = np.zeros(bins, np.int64)
    if bins:
        np.add.at(made, slots, octets)
    return made


def windows(series: Counts, bin_s: float, window_s: float) -> npt.NDArray[np.float64]:
    """The rate in bit/s of every window that begins with a bin and ends within the series; empty where none does."""
    per_window = max(round(window_s / bin_s), 1)
    if len(series) < per_window:
        return np.zeros(0)
    sums = np.concatenate([[0], np.cumsum(series)])
    found: npt.NDArray[np.float64] = (sums[per_window:] - sums[:-per_window]) * 8 / (per_window * bin_s)
    return found


class Busy(NamedTuple):
    """The rates in bit/s of the windows from the first that holds anything to the last.

    first    the place of the first of them among all windows
    windows  how many there are in all
    """

    rates: npt.NDArray[np.float64]
    first: int
    windows: int

    @property
    def peak(self) -> float:
        """The highest rate, 0 where nothing was sent or there is no window."""
        return float(self.rates.max(initial=0.0))


def busy(series: Counts, bin_s: float, window_s: float) -> Busy:
    """The windows in which a series has anything, as most hosts are silent most of the time."""
    per_window = max(round(window_s / bin_s), 1)
    held, count = np.flatnonzero(series), max(len(series) - per_window + 1, 0)
    if not len(held) or not count:
        return Busy(np.zeros(0), 0, count)
    first, last = max(int(held[0]) - per_window + 1, 0), min(int(held[-1]), count - 1)
    return Busy(windows(series[first : last + per_window], bin_s, window_s), first, count)


def rate(series: Counts, over: Span, window_s: float, since_ns: int | None = None) -> Rate:
    """The rate of a series over windows; where the time is no longer than one, its mean is all that there is.

    since_ns  when what is counted was first seen: the mean of a time that is shorter than a window begins there, since
              what had not begun is not idle
    """
    bin_s = over.bin_ns / 1e9
    octets, duration_s = int(series.sum()), over.duration_s
    if duration_s <= window_s or len(series) <= max(round(window_s / bin_s), 1):
        if since_ns is not None:
            duration_s = max(over.last_ns - since_ns, over.bin_ns) / 1e9
        return even(octets, duration_s)
    found = busy(series, bin_s, window_s)
    step = max(found.windows // MOST_WINDOWS, 1)
    kept = found.rates[-found.first % step :: step]
    p50, p95, p99 = _percentiles(kept, -(-found.windows // step) - len(kept))
    return Rate(octets * 8 / duration_s, p50, p95, p99, found.peak, window_s)


def _percentiles(rates: npt.NDArray[np.float64], idle: int) -> list[float]:
    """The percentiles of rates, and of so many windows beside them in which nothing was sent."""
    if (idle + len(rates) - 1) * (PERCENTILES[-1] / 100) <= idle - 1:
        return [0.0 for _ in PERCENTILES]
    return [float(value) for value in np.percentile(np.concatenate([np.zeros(idle), rates]), PERCENTILES)]


def even(octets: int, duration_s: float) -> Rate:
    """The rate of octets of which nothing is known but the time that they took in all."""
    mean = octets * 8 / duration_s
    return Rate(mean, mean, mean, mean, mean, duration_s)


def carried(over: Span, wanted: Sequence[float]) -> list[float]:
    """The windows that a time is longer than; where it is longer than none, there are none."""
    return [window_s for window_s in wanted if over.duration_s > window_s >= over.bin_ns / 1e9]
