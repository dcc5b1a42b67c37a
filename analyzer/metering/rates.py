"""The log of rates becomes octets per flow and bin of time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.kernels import rates as kernels
from analyzer.kernels.sweep import RATE

Array = npt.NDArray[Any]


def _by_flow(log: Array, flows: int) -> tuple[Array, Array]:
    """The rows of the log in the order of flows, and where each flow's begin."""
    ends = np.zeros(flows + 1, np.int64)
    order = np.empty(log.size, np.int64)
    kernels.by_flow(log, ends, order)
    return order, ends


def compact(log: Array, flows: int, bin_ns: int) -> Array:
    """The log of so many flows as if bins of `bin_ns` had been used from the beginning; the log itself is overwritten.

    Rows of RATE hold running totals at the end of a bin, so the last one of a bin stands for all of it.
    """
    written, back = kernels.merge(log, bin_ns, np.full(flows, -1, np.int64), log)
    merged = log[:written]
    if not back:
        return merged
    order, _ = _by_flow(merged, flows)
    return _gathered(merged[order])


def _gathered(log: Array) -> Array:
    """A log in the order of flows whose bins come back, with one row per flow and bin.

    What was sent in each bin is added up, and running totals are made of the sums: a flow's last total stays the same.
    """
    starts = np.append(True, log["flow"][1:] != log["flow"][:-1])
    sent = []
    for totals in (log["a_octets"], log["b_octets"]):
        before = np.append(0, totals[:-1])
        sent.append(totals - np.where(starts, 0, before))
    flow, begin, a, b = _summed(log["flow"], log["bin"], *sent)
    firsts = np.flatnonzero(np.append(True, flow[1:] != flow[:-1]))
    rows = np.empty(flow.size, RATE)
    rows["flow"], rows["bin"] = flow, begin
    for name, column in (("a_octets", a), ("b_octets", b)):
        running = np.cumsum(column)
        rows[name] = running - np.repeat(running[firsts] - column[firsts], np.diff(np.append(firsts, flow.size)))
    return rows


def per_bin(log: Array, flows: Array, sides: Array) -> tuple[Array, Array, Array, Array]:
    """(flow, begin of bin in ns, octets from the originator, from the responder): what each flow sent in each bin.

    log    RATE rows: running totals at the end of bins
    flows  FLOW rows, sides SIDE rows: their totals close each flow's last bin
    """
    order, ends = _by_flow(log, flows.size)
    columns = [np.empty(log.size + flows.size, np.int64) for _ in range(4)]
    written = kernels.spread(log, order, ends, flows, sides, *columns)
    flow, begin, orig, resp = (column[:written] for column in columns)
    if not _in_order(flow, begin):  # time stepped back: a bin that it came back to has several rows
        flow, begin, orig, resp = _summed(flow, begin, orig, resp)
    return flow, begin, orig, resp


def _in_order(flow: Array, begin: Array) -> bool:
    """Whether each flow's bins stand in order of time, each once."""
    return bool(np.all((flow[1:] != flow[:-1]) | (begin[1:] > begin[:-1])))


def _summed(flow: Array, begin: Array, orig: Array, resp: Array) -> tuple[Array, Array, Array, Array]:
    """The rows in order of flow and time, those of one bin added up."""
    order = np.lexsort((begin, flow))
    flow, begin, orig, resp = (column[order] for column in (flow, begin, orig, resp))
    first = np.ones(flow.size, np.bool_)
    first[1:] = (flow[1:] != flow[:-1]) | (begin[1:] != begin[:-1])
    at = np.flatnonzero(first)
    return flow[at], begin[at], np.add.reduceat(orig, at), np.add.reduceat(resp, at)
