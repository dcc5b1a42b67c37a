"""Octets per bin of time become rates: a mean over the time seen, percentiles and a peak over windows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.findings import Rate
from analyzer.judging.case import Case, Rows

LEAST_S = 60.0  # a fifth of the documents' window: below it the start of a few connections is all there is
WINDOWS = 100_000


class Sent(NamedTuple):
    """Flows, and of which ends the octets count: the originator's where `forth`, the responder's where `back`."""

    rows: Rows
    forth: npt.NDArray[np.bool_]
    back: npt.NDArray[np.bool_]


def sent(case: Case, rows: Rows, addresses: frozenset[str], *, up: bool) -> Sent:
    """What hosts sent (up) or received (down) in flows, whichever end they are."""
    traffic = case.docket.traffic
    mine = np.isin(traffic.orig[rows], traffic.codes(addresses))
    return Sent(rows, mine == up, mine != up)


def both(rows: Rows) -> Sent:
    """All octets of flows, whoever sent them."""
    return Sent(rows, np.ones(len(rows), np.bool_), np.ones(len(rows), np.bool_))


def total(case: Case, what: Sent) -> int:
    """Octets at IP length."""
    flows = case.seen.flows
    return int(flows.orig_octets[what.rows[what.forth]].sum() + flows.resp_octets[what.rows[what.back]].sum())


def sent_again(case: Case, rows: Rows) -> float:
    """Share of the payload that is in the capture more than once: retransmitted, or mirrored twice."""
    flows = case.seen.flows
    payload = int(flows.orig_payload_octets[rows].sum() + flows.resp_payload_octets[rows].sum())
    again = int(flows.orig_retransmitted[rows].sum() + flows.resp_retransmitted[rows].sum())
    return again / payload if payload else 0.0


def rate(case: Case, what: Sent, window_s: float) -> Rate:
    """The rate at IP length in bit/s over windows that begin with every bin; the whole time where that is shorter."""
    bins = _bins(case, what)
    width_s = case.seen.quality.bin_ns / 1e9
    duration_s = max(case.duration_s, width_s)
    mean = total(case, what) * 8 / duration_s
    per_window = max(round(window_s / width_s), 1)
    if duration_s <= window_s or len(bins) <= per_window:
        return Rate(mean, mean, mean, mean, mean, min(window_s, duration_s))
    sums = np.concatenate([[0], np.cumsum(bins)])
    windows = (sums[per_window:] - sums[:-per_window]) * 8 / (per_window * width_s)
    if len(windows) > WINDOWS:
        windows = windows[:: len(windows) // WINDOWS]
    p50, p95, p99 = (float(value) for value in np.percentile(windows, (50, 95, 99)))
    return Rate(mean, p50, p95, p99, float(windows.max()), window_s)


def _bins(case: Case, what: Sent) -> npt.NDArray[np.int64]:
    """Octets in each bin of the captures' time."""
    rates, width = case.seen.rates, case.seen.quality.bin_ns
    count = len(case.seen.flows.proto)
    forth, back = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    forth[what.rows], back[what.rows] = what.forth, what.back
    octets = rates.orig_octets * forth[rates.flow] + rates.resp_octets * back[rates.flow]
    starts = [capture.start_ns for capture in case.seen.captures if capture.packets]
    ends = [capture.end_ns for capture in case.seen.captures if capture.packets]
    if not starts or not len(octets):
        return np.zeros(0, np.int64)
    first = min([*starts, int(rates.start_ns.min())]) // width
    slots = rates.start_ns // width - first
    length = max(max(ends) // width - first, int(slots.max())) + 1
    if length > WINDOWS * 100:
        return np.zeros(0, np.int64)
    bins = np.zeros(length, np.int64)
    np.add.at(bins, slots, octets)
    return bins
