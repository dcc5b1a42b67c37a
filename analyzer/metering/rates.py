"""The log of rates becomes octets per flow and bin of time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.kernels.sweep import RATE

Array = npt.NDArray[Any]


def compact(log: Array, bin_ns: int) -> Array:
    """The log as if bins of `bin_ns` had been used from the beginning; counts stand for the end of a bin."""
    order = np.argsort(log["flow"], kind="stable")
    rows = log[order]
    rows["bin"] = rows["bin"] // bin_ns * bin_ns
    last = np.ones(rows.size, np.bool_)
    last[:-1] = (rows["flow"][1:] != rows["flow"][:-1]) | (rows["bin"][1:] != rows["bin"][:-1])
    return rows[last]


def per_bin(log: Array, flows: Array, sides: Array, bin_ns: int) -> tuple[Array, Array, Array, Array]:
    """(flow, begin of bin in ns, octets from the originator, from the responder): what each flow sent in each bin.

    log    RATE rows: running totals at the end of bins
    flows  FLOW rows, sides SIDE rows: their totals close each flow's last bin
    """
    count = len(flows)
    closing = np.empty(count, RATE)
    closing["flow"] = np.arange(count)
    closing["bin"] = flows["bin"]
    closing["a_octets"] = sides["octets"][0::2]
    closing["b_octets"] = sides["octets"][1::2]
    rows = compact(np.concatenate([log, closing]), bin_ns)
    begins = np.ones(rows.size, np.bool_)
    begins[1:] = rows["flow"][1:] != rows["flow"][:-1]
    sent = []
    for side in ("a_octets", "b_octets"):
        delta = rows[side].copy()
        delta[1:] -= np.where(begins[1:], 0, rows[side][:-1])
        sent.append(delta)
    orig = np.where(flows["orig"][rows["flow"]] == 0, sent[0], sent[1])
    resp = np.where(flows["orig"][rows["flow"]] == 0, sent[1], sent[0])
    some = (orig > 0) | (resp > 0)
    return rows["flow"][some], rows["bin"][some], orig[some], resp[some]
