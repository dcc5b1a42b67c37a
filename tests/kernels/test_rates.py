"""The log of rates becomes rows per flow and bin; wider bins hold the same octets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import rates
from analyzer.kernels.sweep import RATE

logs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), max_size=30)


def log_of(rows):
    """RATE rows from (flow, bins on, octets more each way): running totals, as a sweep writes them."""
    made, at = np.zeros(len(rows), RATE), {}
    for k, (flow, on, a, b) in enumerate(rows):
        begin, a_had, b_had = at.get(flow, (0, 0, 0))
        at[flow] = begin + on, a_had + a, b_had + b
        made[k] = at[flow][0], at[flow][1], at[flow][2], flow
    return made


@given(logs)
def test_rows_are_sorted_by_flow_and_keep_their_order(rows):
    """A counting sort is stable, and tells where each flow's rows begin."""
    log = log_of(rows)
    ends, order = np.zeros(7, np.int64), np.empty(log.size, np.int64)
    rates.by_flow(log, ends, order)
    assert order.tolist() == np.argsort(log["flow"], kind="stable").tolist()
    assert ends.tolist() == [int((log["flow"] < flow).sum()) for flow in range(7)]


@given(logs, st.integers(1, 8), st.booleans())
def test_the_last_total_of_a_wide_bin_is_kept(rows, width, in_place):
    """Of several rows of one flow and wide bin the last one stays, also where the log itself is written to."""
    log = log_of(rows)
    expected = {(row[3], row[0] // width * width): (row[1], row[2]) for row in log.tolist()}
    out = log if in_place else np.empty(log.size, RATE)
    written, back = rates.merge(log, width, np.full(6, -1, np.int64), out)
    assert {(row[3], row[0]): (row[1], row[2]) for row in out[:written].tolist()} == expected
    assert (written, back) == (len(expected), 0)


def test_a_bin_that_time_comes_back_to_has_a_row_of_its_own():
    """Steps back are counted, and no row is lost to them."""
    log = np.array([(5, 1, 0, 0), (2, 2, 0, 0), (5, 3, 0, 1), (6, 4, 0, 0)], RATE)
    written, back = rates.merge(log, 1, np.full(2, -1, np.int64), log)
    assert (written, back) == (4, 1)
