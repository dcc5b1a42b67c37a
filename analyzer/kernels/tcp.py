"""What a TCP segment changes in its flow: the opening, the streams, the ends' states and Zeek's history.

Source: RFC 9293; Zeek's conn.log documentation for the letters of history.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.flows import (
    ACK,
    FIN,
    GAP_FREE,
    HISTORY,
    RST,
    SYN,
    SYN_SEEN,
    SYNACK_SEEN,
)
from analyzer.kernels.gaps import WINDOW, add_gap, carry, difference, holes
from analyzer.kernels.jit import inlined, kernel

# states of an end, as Zeek's TCP analyzer has them
INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, OPEN, CLOSED, RESET = range(7)

# bits of `letters`: what this end has written to the history
WROTE_SYN, WROTE_FIN, WROTE_RST, WROTE_DATA, WROTE_ACK, WROTE_INCONSISTENT, WROTE_MIXED = 1, 2, 4, 8, 16, 32, 64
FAR = 1 << 20  # a SYN or RST whose number jumps that far moves nothing on


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
def reliable(side):
    """Whether an end is open, or closed without a reset: only then are gaps what they seem."""
    return side.state == OPEN or (side.state == CLOSED and side.before == OPEN)


@kernel
def acknowledge(flow, mine, other, gaps, counters, histories, index, side, ack):
    """Account for an acknowledgement of the other side's stream: octets that were never seen become a gap."""
    if not other.known:
        other.known = 1
        other.base = np.uint32(ack)
        other.next = np.uint32(ack)
        other.acked = np.uint32(ack)
        return
    unseen = difference(ack, other.next)
    if other.fins and unseen == 1:
        ack -= 1
        unseen = 0
    if unseen >= WINDOW or difference(ack, other.acked) <= 0:
        return
    if unseen > 0:
        add_gap(other, gaps, counters, np.int64(other.next), ack)
        other.next = np.uint32(ack & 0xFFFFFFFF)
    if other.gap >= 0 and reliable(mine) and reliable(other):
        for _ in range(holes(other, gaps, np.int64(other.acked), ack)):
            other.tally_g += 1
            counted(flow, histories, index, 1 - side, np.int64(other.tally_g), 103)
    other.acked = np.uint32(ack & 0xFFFFFFFF)


@kernel
def begin_stream(mine, gaps, counters, begin):
    """Let the stream of a side begin at sequence number `begin`; what was known of one before is forgotten."""
    at = np.int64(mine.gap)
    while at >= 0:
        following = np.int64(gaps[at].next)
        gaps[at].next = np.int32(counters[GAP_FREE])
        counters[GAP_FREE] = at
        at = following
    mine.gap = -1
    mine.gaps = 0
    mine.missed = 0
    mine.known = 1
    mine.base = np.uint32(begin)
    mine.next = mine.base
    mine.acked = mine.base


@kernel
def opening(flow, mine, gaps, counters, row, side):
    """Account for a SYN or SYN-ACK: attempts, the handshake's times, where the stream begins.

    With FIN or RST it is a probe's, or damage: it is counted, and the stream goes on.
    """
    times = mine.syns + mine.synacks
    known = (times > 0 and mine.isn == row.seq) or (times > 1 and mine.isn_before == row.seq)
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
            if not known:
                flow.attempts += 1
            if flow.synack_ns < 0:
                flow.syn_ns = row.ts_ns
        mine.syns += 1
    if known:
        return
    mine.isn_before = mine.isn if times else np.uint32(row.seq)
    mine.isn = np.uint32(row.seq)
    if row.flags & (FIN | RST):
        return
    begin = (row.seq + 1) & 0xFFFFFFFF
    early = difference(mine.base, begin)
    if times == 0 and mine.known and 0 < mine.data_frame < row.number and 0 <= early < FAR:  # data overtook the SYN
        if early:
            add_gap(mine, gaps, counters, begin, np.int64(mine.base))
        mine.base = np.uint32(begin)
        return
    begin_stream(mine, gaps, counters, begin)


@kernel
def again(flow, mine, histories, index, side, bit, seen_at, seq, letter):
    """Write a letter unless this side wrote it for the same sequence number last time; returns the number to keep."""
    if mine.letters & bit == 0 or seen_at != seq:
        mine.letters |= bit
        write_letter(flow, histories, index, side, letter)
    return np.uint32(seq & 0xFFFFFFFF)


@kernel
def rare_letters(flow, mine, histories, index, side, row):
    """Write the letters of a segment with SYN, FIN or RST."""
    flags = row.flags
    some = flags & (SYN | FIN | RST)
    several = some & (some - 1) > 0
    if several and flags & FIN and flags & RST:
        once(flow, mine, histories, index, side, WROTE_INCONSISTENT, 105)
    elif several:
        once(flow, mine, histories, index, side, WROTE_MIXED, 113)
    elif flags & SYN:
        letter = 104 if flags & ACK else 115
        mine.syn_at = again(flow, mine, histories, index, side, WROTE_SYN, mine.syn_at, row.seq, letter)
    elif flags & FIN:
        end = (row.seq + row.payload) & 0xFFFFFFFF
        mine.fin_at = again(flow, mine, histories, index, side, WROTE_FIN, mine.fin_at, end, 102)
    else:
        mine.rst_at = again(flow, mine, histories, index, side, WROTE_RST, mine.rst_at, row.seq, 114)


@inlined
def flags_to_history(flow, mine, other, histories, index, side, row):
    """Write the letters that a segment's flags, payload and window earn."""
    flags = row.flags
    if flags & (SYN | FIN | RST):
        rare_letters(flow, mine, histories, index, side, row)
    elif row.payload:
        if mine.letters & WROTE_DATA == 0:
            once(flow, mine, histories, index, side, WROTE_DATA, 100)
    elif flags & ACK and mine.letters & WROTE_ACK == 0:
        once(flow, mine, histories, index, side, WROTE_ACK, 97)
    if row.window == 0 and flags & RST == 0 and other.state != CLOSED and mine.state != RESET:
        mine.tally_w += 1
        counted(flow, histories, index, side, np.int64(mine.tally_w), 119)


@inlined
def move_on(flow, mine, other, histories, index, side, row):
    """Move Zeek's last sequence number of this end on; payload that does not move it was sent before."""
    flags = row.flags
    after = row.seq + (0 if flags & RST else row.payload) + (flags & SYN > 0) + (flags & FIN > 0)
    if mine.state == INACTIVE:
        mine.start = np.uint32((row.seq - (flags & SYN == 0)) & 0xFFFFFFFF)
        mine.last = np.uint32((after if flags & SYN else row.seq) & 0xFFFFFFFF)
    elif flags & SYN and mine.state < CLOSED:
        mine.start = np.uint32(row.seq)
        mine.last = np.uint32(after & 0xFFFFFFFF)
    if flags & ACK and other.state == INACTIVE:
        other.start = np.uint32((row.ack - 1) & 0xFFFFFFFF)
        other.last = other.start
    forward = difference(after, mine.last)
    if flags & (SYN | RST) and not -FAR <= forward <= FAR:
        return
    if flags & FIN and difference(mine.last, mine.start) == 1:
        mine.last = np.uint32(after & 0xFFFFFFFF)
    elif mine.state == RESET:
        return
    elif forward > 0:
        mine.last = np.uint32(after & 0xFFFFFFFF)
    elif row.payload:
        mine.tally_t += 1
        counted(flow, histories, index, side, np.int64(mine.tally_t), 116)


@kernel
def go(side, state):
    """Change an end's state, and remember the one before."""
    if side.state != state:
        side.before = side.state
        side.state = state


@kernel
def leave_inactive(mine, other, from_orig, row):
    """The state of an end after its first segment."""
    flags = row.flags
    if flags & SYN:
        if from_orig:
            go(mine, SYN_ACK_SENT if flags & ACK else SYN_SENT)
        else:
            if other.state == SYN_SENT:
                go(other, OPEN)
            go(mine, OPEN)
    if flags & FIN:
        go(mine, CLOSED)
    if flags & RST:
        go(mine, RESET)
    if mine.state == INACTIVE and (from_orig or row.payload or other.state != SYN_SENT):
        go(mine, OPEN if flags & ACK and other.state == OPEN else PARTIAL)


@kernel
def change_state(mine, other, from_orig, row):
    """Move on the state of the end that sent a segment."""
    flags = row.flags
    state = mine.state
    if state == INACTIVE:
        leave_inactive(mine, other, from_orig, row)
    elif state == SYN_SENT or state == SYN_ACK_SENT:
        if flags & FIN:
            go(mine, CLOSED)
        if flags & RST:
            go(mine, RESET)
    elif state == PARTIAL or state == OPEN:
        if flags & (SYN | ACK) == SYN and state == PARTIAL and other.state == INACTIVE:
            go(mine, SYN_SENT)
        if flags & RST:
            go(mine, RESET)
        elif flags & FIN:
            go(mine, CLOSED)
            if other.state == RESET and other.before == CLOSED:
                go(other, CLOSED)
    elif state == CLOSED and flags & RST and other.state != CLOSED:
        go(mine, RESET)


@kernel
def note_end(flow, mine, other, side, row):
    """Count a FIN or RST and keep the first frame of either."""
    if row.flags & FIN:
        mine.fins += 1
        if flow.fin_frame == 0:
            flow.fin_frame = row.number
    if row.flags & RST:
        mine.rsts += 1
        if flow.rst_frame == 0:
            flow.rst_frame = row.number
            flow.rst_ns = row.ts_ns
            flow.rst_ttl = row.ttl
            flow.rst_ident = row.ip_id if row.version == 4 else -1
            flow.rst_window = row.window
            flow.rst_side = side
            flow.rst_delay = row.ts_ns - other.last_ns if other.last_ns >= 0 else -1


@inlined
def is_next(flow, mine, other, row):
    """Whether a segment of an open connection brings what is next and nothing new, as most do: `go_on` accounts for it.

    `segment` would end the same.
    """
    if row.flags & (SYN | FIN | RST | ACK) != ACK or row.window == 0:
        return False
    if (mine.state != OPEN and mine.state != PARTIAL) or (other.state != OPEN and other.state != PARTIAL):
        return False
    if mine.gap >= 0 or other.gap >= 0 or mine.known == 0 or other.known == 0:
        return False
    if row.seq != mine.next or row.seq != mine.last or difference(row.ack, other.next) > 0:
        return False
    wrote = mine.letters & (WROTE_DATA if row.payload else WROTE_ACK)
    return wrote != 0 and (flow.ack_rtt >= 0 or flow.synack_ns < 0)


@inlined
def is_news(other, row):
    """Whether a segment that `is_next` brings octets or an acknowledgement that none before it can have brought."""
    return row.payload > 0 or difference(row.ack, other.acked) > 0


@inlined
def go_on(mine, other, row):
    """Move the streams on with a segment that `is_next`; without branches, which nobody could foresee."""
    mine.next = np.uint32((row.seq + row.payload) & 0xFFFFFFFF)
    mine.last = mine.next
    other.acked = np.uint32(row.ack if difference(row.ack, other.acked) > 0 else other.acked)


@kernel
def segment(flow, mine, other, gaps, counters, histories, index, side, row):
    """Account for a TCP segment from `side`, whatever it does. The pool of gaps has room for four more."""
    flags = row.flags
    from_orig = side == flow.orig
    flags_to_history(flow, mine, other, histories, index, side, row)
    before = mine.retransmitted
    opened = mine.syns + mine.synacks
    move_on(flow, mine, other, histories, index, side, row)
    if flags & (SYN | FIN | RST) or mine.state != OPEN:
        change_state(mine, other, from_orig, row)
    if flags & SYN:
        opening(flow, mine, gaps, counters, row, side)
    if row.payload:
        carry(mine, gaps, counters, row)
    elif not mine.known and flags & RST == 0:
        mine.known = 1
        mine.base = np.uint32((row.seq + (flags & SYN > 0)) & 0xFFFFFFFF)
        mine.next = mine.base
        mine.acked = mine.base
    if mine.retransmitted != before or (flags & SYN and opened):
        if mine.again_at != other.packets:
            mine.again = 0
            mine.again_at = other.packets
        mine.again += 1
    if flags & (FIN | RST):
        note_end(flow, mine, other, side, row)
    if flags & ACK and flags & RST == 0:
        acknowledge(flow, mine, other, gaps, counters, histories, index, side, row.ack)
        if flow.ack_rtt < 0 and flow.synack_ns >= 0 and from_orig and flags & SYN == 0:
            flow.ack_rtt = max(row.ts_ns - flow.synack_ns, 0)
