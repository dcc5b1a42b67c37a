"""Octets per flow and bin, whatever way time goes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.flows import FLOW, SIDE
from analyzer.kernels.sweep import RATE
from analyzer.metering.rates import compact, per_bin

steps = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 50), st.integers(0, 50)), max_size=60)


def sent(rows):
    """What a sweep would have written of (flow, bin, octets each way): the log, flows, sides; and sums per bin."""
    log, flows, sides = [], np.zeros(4, FLOW), np.zeros(8, SIDE)
    flows["bin"] = -1
    sums = {}
    for flow, begin, a, b in rows:
        if flows[flow]["bin"] not in (-1, begin):
            log.append((flows[flow]["bin"], sides[2 * flow]["octets"], sides[2 * flow + 1]["octets"], flow))
        flows[flow]["bin"] = begin
        sides[2 * flow]["octets"] += a
        sides[2 * flow + 1]["octets"] += b
        had = sums.get((flow, begin), (0, 0))
        sums[flow, begin] = had[0] + a, had[1] + b
    return np.array(log, RATE), flows, sides, sums


def as_dict(table):
    """(flow, bin): octets each way; every pair once."""
    rows = list(zip(*(column.tolist() for column in table), strict=True))
    assert len({row[:2] for row in rows}) == len(rows)
    return {row[:2]: row[2:] for row in rows}


@given(steps)
def test_each_bin_holds_what_was_sent_in_it(rows):
    """Sums per flow and bin are exact, be time in order or not."""
    log, flows, sides, sums = sent(rows)
    assert as_dict(per_bin(log, flows, sides)) == sums


@given(steps, st.sampled_from((2, 4, 8)), st.integers(0, 60))
def test_wider_bins_hold_the_same_octets(rows, width, cut):
    """A log that is compacted midway ends in the sums of the wider bins, with one row per flow and bin at most."""
    log, flows, sides, sums = sent(rows)
    kept = compact(log[:cut].copy(), 4, width)
    assert kept.size <= len({(flow, begin // width) for flow, begin in zip(log["flow"], log["bin"], strict=True)})
    rest = log[cut:].copy()
    rest["bin"] = rest["bin"] // width * width
    flows["bin"] = np.where(flows["bin"] >= 0, flows["bin"] // width * width, -1)
    wide = {}
    for (flow, begin), (a, b) in sums.items():
        had = wide.get((flow, begin // width * width), (0, 0))
        wide[flow, begin // width * width] = had[0] + a, had[1] + b
    assert as_dict(per_bin(np.concatenate([kept, rest]), flows, sides)) == wide


def test_times_that_alternate_leave_few_rows():
    """Two clocks in one capture make as many rows as bins, not as frames."""
    log, *_ = sent([(0, k % 2, 1, 1) for k in range(1000)])
    assert compact(log.copy(), 1, 1).size == 2
