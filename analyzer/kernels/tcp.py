"""What a TCP segment changes in its flow: the opening, the streams and their gaps, Zeek's history.

Source: RFC 9293; Zeek's conn.log documentation for the letters of history.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.flows import ACK, BOTH_CLOSED, ESTABLISHED, FIN, GAP_FREE, GAPS, HISTORY, RST, SYN, SYN_SEEN, SYNACK_SEEN
from analyzer.kernels.jit import kernel

GAP = np.dtype([("low", "u4"), ("high", "u4"), ("next", "i4")], align=True)
GAPS_PER_SIDE = 32  # more are counted as missed at once: reordering that deep does not occur, loss does

# letters that are written once a side, by bit of `letters`
S, H, A, D, F, R, I, Q = 1, 2, 4, 8, 16, 32, 64, 128


@kernel
def write_letter(flow, histories, index, side, letter):
    """Append a letter, upper case for the originator, while there is room."""
    if flow.history < HISTORY:
        histories[index, flow.history] = letter - 32 if side == flow.orig else letter
        flow.history += 1


@kernel
def once(flow, mine, histories, index, side, bit, letter):
    """Write a letter the first time that this side earns it."""
    if mine.letters & bit == 0:
        mine.letters |= bit
        write_letter(flow, histories, index, side, letter)


@kernel
def counted(flow, histories, index, side, times, letter):
    """Write a letter for the 1st, 10th, 100th … time, as Zeek does."""
    while times >= 10 and times % 10 == 0:
        times //= 10
    if times == 1:
        write_letter(flow, histories, index, side, letter)


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
def advance(flow, mine, gaps, counters, histories, index, side, row):
    """Account for the payload of a segment: its place in the stream, new gaps, filled ones, octets sent again."""
    seq = row.seq + (1 if row.flags & SYN else 0)
    if not mine.known:
        mine.known = 1
        mine.base = np.uint32(seq & 0xFFFFFFFF)
        mine.next = mine.base
    ahead = difference(seq, mine.next)
    end = seq + row.payload
    if ahead == 0:
        mine.next = np.uint32(end & 0xFFFFFFFF)
    elif ahead > 0:
        add_gap(mine, gaps, counters, np.int64(mine.next), seq)
        mine.next = np.uint32(end & 0xFFFFFFFF)
    else:
        fresh = max(difference(end, mine.next), 0)
        if fresh:
            mine.next = np.uint32(end & 0xFFFFFFFF)
        filled = fill_gaps(mine, gaps, counters, seq, end - fresh) if mine.gap >= 0 else 0
        again = row.payload - fresh - filled
        if again > 0 and difference(seq, mine.base) >= 0:
            mine.retransmitted += again
            if again == row.payload and row.payload > 1:
                mine.tally_t += 1
                counted(flow, histories, index, side, np.int64(mine.tally_t), 116)


@kernel
def acknowledge(other, gaps, counters, ack):
    """Account for an acknowledgement of the other side's stream: octets that were never seen become a gap."""
    if not other.known:
        other.known = 1
        other.base = np.uint32(ack)
        other.next = np.uint32(ack)
        other.acked = np.uint32(ack)
        return
    if difference(ack, other.acked) > 0:
        other.acked = np.uint32(ack)
    unseen = difference(ack, other.next)
    # an acknowledgement beyond any window is damage or an attack, not loss
    if 0 < unseen < (1 << 30):
        add_gap(other, gaps, counters, np.int64(other.next), ack)
        other.next = np.uint32(ack)


@kernel
def opening(flow, mine, gaps, counters, row, side):
    """Account for a SYN or SYN-ACK: attempts, the handshake's times, where the stream begins."""
    if row.flags & ACK:
        mine.synacks += 1
        flow.opening |= SYNACK_SEEN
        if flow.synack_ns < 0:
            flow.synack_ns = row.ts_ns
            if flow.syn_ns >= 0:
                flow.syn_rtt = max(row.ts_ns - flow.syn_ns, 0)
    else:
        if side == flow.orig:
            flow.opening |= SYN_SEEN
            if mine.syns == 0 or mine.isn != row.seq:
                flow.attempts += 1
            if flow.synack_ns < 0:
                flow.syn_ns = row.ts_ns
        mine.syns += 1
    if mine.isn == row.seq and mine.syns + mine.synacks > 1:
        return
    mine.isn = np.uint32(row.seq)
    begin = (row.seq + 1) & 0xFFFFFFFF
    early = difference(mine.base, begin)
    if mine.known and mine.data_frame and 0 <= early < 1 << 20:  # data overtook the SYN
        if early:
            add_gap(mine, gaps, counters, begin, np.int64(mine.base))
        mine.base = np.uint32(begin)
        return
    mine.known = 1
    mine.base = np.uint32(begin)
    mine.next = mine.base
    mine.acked = mine.base


@kernel
def flags_to_history(flow, mine, histories, index, side, row):
    """Write the letters that a segment's flags and payload earn."""
    flags = row.flags
    if flags & SYN and flags & FIN:
        once(flow, mine, histories, index, side, Q, 113)
    if flags & SYN and flags & RST:
        once(flow, mine, histories, index, side, I, 105)
    if flags & SYN:
        if flags & ACK:
            once(flow, mine, histories, index, side, H, 104)
        else:
            once(flow, mine, histories, index, side, S, 115)
    if row.payload:
        once(flow, mine, histories, index, side, D, 100)
    elif flags & (SYN | FIN | RST | ACK) == ACK:
        once(flow, mine, histories, index, side, A, 97)
    if flags & FIN:
        once(flow, mine, histories, index, side, F, 102)
    if flags & RST:
        once(flow, mine, histories, index, side, R, 114)
    if row.window == 0 and flags & (SYN | FIN | RST) == 0 and not row.lean:
        mine.tally_w += 1
        counted(flow, histories, index, side, np.int64(mine.tally_w), 119)


@kernel
def segment(flow, mine, other, gaps, counters, histories, index, side, row):
    """Account for one TCP segment from `side`. The pool of gaps has room for three more."""
    flags_to_history(flow, mine, histories, index, side, row)
    if row.lean:
        return
    if row.flags & SYN:
        opening(flow, mine, gaps, counters, row, side)
    if row.payload:
        advance(flow, mine, gaps, counters, histories, index, side, row)
    elif not mine.known and row.flags & RST == 0:
        mine.known = 1
        mine.base = np.uint32(row.seq)
        mine.next = mine.base
    if row.flags & FIN:
        mine.fins += 1
        if flow.fin_frame == 0:
            flow.fin_frame = row.number
        if mine.fins == 1 and difference(row.seq + row.payload, mine.next) == 0:
            mine.next = np.uint32((row.seq + row.payload + 1) & 0xFFFFFFFF)
    if row.flags & RST:
        mine.rsts += 1
        if flow.rst_frame == 0:
            flow.rst_frame = row.number
            flow.closing = 1 + side
            if mine.fins and other.fins:
                flow.opening |= BOTH_CLOSED
    elif row.flags & ACK:
        acknowledge(other, gaps, counters, row.ack)
        if side == flow.orig and flow.synack_ns >= 0 and flow.ack_rtt < 0 and row.flags & SYN == 0:
            flow.ack_rtt = max(row.ts_ns - flow.synack_ns, 0)
            flow.opening |= ESTABLISHED
