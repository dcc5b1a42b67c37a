"""The streams of a TCP connection by sequence numbers: what came, what is missing, what came again.

A side's gaps are a list in a pool of GAP rows; rows that are free are a list as well. Source: RFC 9293 section 3.4.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.flows import GAP_FREE, GAPS, REORDERED, SYN
from analyzer.kernels.jit import kernel

GAP = np.dtype([("low", "u4"), ("high", "u4"), ("next", "i4")], align=True)
WINDOW = 1 << 30  # the largest (RFC 7323 section 2.3): what lies farther off is damage or an attack, not loss
OVERTAKEN_NS = 3_000_000  # what comes so soon after what overtook it was not sent again (Wireshark's out-of-order)
GAPS_PER_SIDE = 32  # more are counted as missed at once: reordering that deep does not occur, loss does


@kernel
def difference(one, other):
    """`one` minus `other` as sequence numbers (RFC 9293 section 3.4): between -2^31 and 2^31."""
    return ((np.int64(one) - np.int64(other) + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@kernel
def add_gap(mine, gaps, counters, low, high):
    """Note that octets from `low` to `high` of this side were not seen. The pool has room for one more."""
    if mine.gaps >= GAPS_PER_SIDE:
        mine.missed += difference(high, low)
        return
    free = counters[GAP_FREE]
    if free >= 0:
        counters[GAP_FREE] = np.int64(gaps[free].next)
    else:
        free = counters[GAPS]
        counters[GAPS] = free + 1
    gap = gaps[free]
    gap.low = np.uint32(low & 0xFFFFFFFF)
    gap.high = np.uint32(high & 0xFFFFFFFF)
    gap.next = mine.gap
    mine.gap = np.int32(free)
    mine.gaps += 1


@kernel
def fill_gaps(mine, gaps, counters, low, high):
    """Take octets `low` to `high` out of this side's gaps; returns how many of them had been missing."""
    filled = 0
    before = np.int64(-1)
    at = np.int64(mine.gap)
    while at >= 0:
        gap = gaps[at]
        following = np.int64(gap.next)
        left = difference(low, gap.low)
        right = difference(gap.high, high)
        width = difference(gap.high, gap.low)
        if difference(high, gap.low) > 0 and difference(gap.high, low) > 0:
            filled += width - max(left, 0) - max(right, 0)
            if left > 0 and right > 0:  # in the middle: the gap keeps its head, its tail becomes another one
                tail = np.int64(gap.high)
                gap.high = np.uint32(low & 0xFFFFFFFF)
                add_gap(mine, gaps, counters, high, tail)
            elif left > 0:
                gap.high = np.uint32(low & 0xFFFFFFFF)
            elif right > 0:
                gap.low = np.uint32(high & 0xFFFFFFFF)
            else:
                if before < 0:
                    mine.gap = np.int32(following)
                else:
                    gaps[before].next = np.int32(following)
                gap.next = np.int32(counters[GAP_FREE])
                counters[GAP_FREE] = at
                mine.gaps -= 1
                at = following
                continue
        before = at
        at = following
    return filled


@kernel
def carry(mine, gaps, counters, row):
    """Account for the payload of a segment: its place in the stream, new gaps, filled ones, octets sent again."""
    seq = row.seq + (1 if row.flags & SYN else 0)
    if not mine.known:
        mine.known = 1
        mine.base = np.uint32(seq & 0xFFFFFFFF)
        mine.next = mine.base
        mine.acked = mine.base
    ahead = difference(seq, mine.next)
    end = seq + row.payload
    if ahead == 0:
        mine.next = np.uint32(end & 0xFFFFFFFF)
    elif ahead >= WINDOW or ahead <= -WINDOW:
        return
    elif ahead > 0:
        add_gap(mine, gaps, counters, np.int64(mine.next), seq)
        mine.next = np.uint32(end & 0xFFFFFFFF)
    else:
        fresh = max(difference(end, mine.next), 0)
        if fresh:
            mine.next = np.uint32(end & 0xFFFFFFFF)
        filled = fill_gaps(mine, gaps, counters, seq, end - fresh) if mine.gap >= 0 else 0
        if filled and row.ts_ns - mine.last_ns < OVERTAKEN_NS:
            counters[REORDERED] += 1
        again = row.payload - fresh - filled
        if again > 0 and difference(seq, mine.base) >= 0:
            mine.retransmitted += again


@kernel
def holes(side, gaps, low, high):
    """How many of a side's gaps lie, in part at least, between `low` and `high`."""
    found = 0
    at = np.int64(side.gap)
    while at >= 0:
        gap = gaps[at]
        if difference(gap.high, low) > 0 and difference(high, gap.low) > 0:
            found += 1
        at = np.int64(gap.next)
    return found
