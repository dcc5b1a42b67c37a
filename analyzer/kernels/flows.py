"""Decoded frames find their flow: a hash table of biflows, how one ends and the next begins.

A flow is a row of FLOW and two rows of SIDE, 2i for endpoint A and 2i+1 for B (A is the endpoint whose address and
port compare lower). `slots` holds a 32 bit tag and a 32 bit index each, -1 where empty; it is filled by half at most.
Source: RFC 5103 (biflows); RFC 7011 (ends by state or timeout).
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.hashing import mix, total
from analyzer.kernels.headers import DECODED, TCP, UDP
from analyzer.kernels.jit import inlined, kernel

# What most frames touch stands first, together: it is what has to come to the processor.
FLOW = np.dtype(
    [
        ("a_hi", "i8"),
        ("a_lo", "i8"),
        ("b_hi", "i8"),
        ("b_lo", "i8"),
        ("a_port", "i4"),
        ("b_port", "i4"),
        ("proto", "u1"),
        ("version", "u1"),
        ("orig", "u1"),  # the side that is the originator: 0 is A
        ("flipped", "u1"),
        ("history", "u1"),  # letters used of the flow's row of histories
        ("opening", "u1"),  # bits: SYN_SEEN, SYNACK_SEEN
        ("carries", "u1"),  # the tunnel in its datagrams: tunnels.NAMES
        ("bin", "i8"),  # begin of the bin of time that the rates are in, ns
        ("end_ns", "i8"),
        ("start_ns", "i8"),
        ("last_frame", "i8"),
        ("ack_rtt", "i8"),
        ("synack_ns", "i8"),
        ("first_frame", "i8"),
        ("syn_ns", "i8"),
        ("syn_rtt", "i8"),
        ("rst_frame", "i8"),
        ("rst_ns", "i8"),  # of the first RST, as the next ones
        ("rst_delay", "i8"),  # since the other side's last frame
        ("rst_ident", "i4"),
        ("rst_window", "i4"),
        ("rst_ttl", "u1"),
        ("rst_side", "u1"),
        ("vlan", "i4"),
        ("fin_frame", "i8"),
        ("attempts", "u4"),
        ("kept", "u4"),  # messages or segments handed to the dissectors
        ("tunnel", "i8"),  # what its first packet was wrapped in: DECODED
    ],
    align=True,
)

SIDE = np.dtype(
    [
        ("packets", "i8"),
        ("octets", "i8"),
        ("frame_octets", "i8"),
        ("payload", "i8"),
        ("last_ns", "i8"),
        ("last_frame", "i8"),
        ("data_frame", "i8"),
        ("next", "u4"),  # sequence number after the last octet seen
        ("last", "u4"),  # Zeek's last sequence number of this end, which tells with `start` what is sent again
        ("acked", "u4"),  # highest acknowledgement of the other side
        ("kept", "u4"),  # octets of the stream handed to the dissectors
        ("handed", "u4"),  # … in so many segments
        ("gap", "i4"),  # first of the side's gaps, -1 for none
        ("ident", "i4"),
        ("mss", "i4"),
        ("letters", "u2"),  # bits of the letters of history that were written
        ("state", "u1"),  # of the end, in Zeek's sense: see tcp.INACTIVE, and the one before
        ("before", "u1"),
        ("ttl", "u1"),
        ("ttl_low", "u1"),
        ("ttl_high", "u1"),
        ("known", "u1"),  # base is known
        ("retransmitted", "i8"),
        ("missed", "i8"),
        ("mac", "i8"),
        ("first_frame", "i8"),
        ("print", "i8"),  # of the first payload
        ("again_at", "i8"),  # packets of the other side when this one began to send again
        ("again", "u4"),
        ("base", "u4"),  # sequence number of the stream's first octet
        ("isn", "u4"),
        ("isn_before", "u4"),
        ("gaps", "i4"),
        ("syns", "u4"),
        ("synacks", "u4"),
        ("fins", "u4"),
        ("rsts", "u4"),
        ("tally_t", "u4"),  # segments sent again, and advertised windows of zero, for the counted letters
        ("tally_w", "u4"),
        ("start", "u4"),
        ("syn_at", "u4"),  # sequence numbers of the last SYN, FIN and RST: the same one again is no news
        ("fin_at", "u4"),
        ("rst_at", "u4"),
        ("tally_g", "u4"),
    ],
    align=True,
)

SYN_SEEN, SYNACK_SEEN = 1, 2  # bits of `opening`
FIN, SYN, RST, ACK = 1, 2, 4, 16

INDEX = 0xFFFFFFFF  # the part of a slot that is a flow's index
HISTORY = 24  # letters kept of a history

# rows of `counters`, shared by the kernels of a sweep
FLOWS, FRAMES, RATES, SEGMENTS, ARENA, GAPS, GAP_FREE, ERRORS, SEED, LAST_NS, STEPS_BACK = range(11)
NOT_IP, UNDECODED, UNKNOWN_LINK, SNAPLEN_CUT, FIRST_NS, MAX_NS, OCTETS = range(11, 18)
ENCRYPTED, FRAGMENTS, STRAY_FRAGMENTS, COPIES, COPIED_OCTETS = range(18, 23)
REORDERED, SUPER_FRAMES, CHECKSUMS, BAD_CHECKSUMS, PARTIAL_CHECKSUMS = range(23, 28)
COUNTERS = 28


@inlined
def icmp_like(row):
    """Whether the flow's port pair holds type and code, the same seen from both ends."""
    return row.proto == 1 or row.proto == 58


@inlined
def ends_hash(one, other, one_port, other_port, more, seed):
    """A hash of two ends by the low halves of their addresses, and of `more`: the same in both directions."""
    ends = total(mix(one ^ (one_port << 40), seed), mix(other ^ (other_port << 40), seed))
    return total(ends, more) & np.int64(0x7FFFFFFFFFFFFFFF)


@inlined
def flow_hash(row, seed):
    """A hash of a frame's flow: the same in both directions, never negative."""
    src_port, dst_port = np.int64(row.src_port), np.int64(row.dst_port)
    if icmp_like(row):  # type and code are the same seen from both ends
        src_port = dst_port = src_port << 8 | dst_port
    more = np.int64(row.proto)
    if row.version == 6:
        more = total(more, mix(row.src_hi, seed) ^ mix(row.dst_hi, seed))
    return ends_hash(row.src_lo, row.dst_lo, src_port, dst_port, more, seed)


@inlined
def source_is_b(row):
    """Whether the frame's source is endpoint B of its flow: 1 or 0."""
    if row.src_hi != row.dst_hi:
        return np.int64(row.src_hi > row.dst_hi)
    if row.src_lo != row.dst_lo:
        return np.int64(row.src_lo > row.dst_lo)
    if icmp_like(row):
        return np.int64(row.reply == 1)
    return np.int64(row.src_port > row.dst_port)


@inlined
def same(flow, row, side):
    """Whether `row`, whose source is endpoint `side`, is a frame of `flow`.

    Without branches on `side`, which nobody could foresee.
    """
    turn = -np.int64(side)
    lo = (row.src_lo ^ row.dst_lo) & turn
    hi = (row.src_hi ^ row.dst_hi) & turn
    src_port, dst_port = np.int64(row.src_port), np.int64(row.dst_port)
    port = 0 if icmp_like(row) else (src_port ^ dst_port) & turn
    other = (flow.a_lo ^ row.src_lo ^ lo) | (flow.b_lo ^ row.dst_lo ^ lo)
    other |= (flow.a_hi ^ row.src_hi ^ hi) | (flow.b_hi ^ row.dst_hi ^ hi)
    other |= (np.int64(flow.a_port) ^ src_port ^ port) | (np.int64(flow.b_port) ^ dst_port ^ port)
    return (other | (np.int64(flow.proto) ^ np.int64(row.proto))) == 0


@inlined
def find(slots, flows, row, side):
    """The slot of the frame's flow, or the empty one where it belongs, and what it holds."""
    mask = np.uint64(slots.size - 1)
    tag = row.hash >> 32
    at = np.uint64(row.hash) & mask
    held = slots[at]
    while held >= 0 and not (held >> 32 == tag and same(flows[held & INDEX], row, side)):
        at = (at + np.uint64(1)) & mask
        held = slots[at]
    return np.int64(at), held


@kernel
def rehash(old, new, flows, seed):
    """Move all that stands in `old` to `new`, a larger table of empty slots."""
    mask = np.int64(new.size - 1)
    for k in range(old.size):
        if old[k] < 0:
            continue
        at = key_hash(flows[old[k] & 0xFFFFFFFF], seed) & mask
        while new[at] >= 0:
            at = (at + 1) & mask
        new[at] = old[k]


@kernel
def key_hash(flow, seed):
    """flow_hash of a flow that stands in the table."""
    a_port, b_port = np.int64(flow.a_port), np.int64(flow.b_port)
    if icmp_like(flow):
        a_port = b_port = a_port << 8 | b_port
    more = np.int64(flow.proto)
    if flow.version == 6:
        more = total(more, mix(flow.a_hi, seed) ^ mix(flow.b_hi, seed))
    return ends_hash(flow.a_lo, flow.b_lo, a_port, b_port, more, seed)


@inlined
def is_old(flow, row, udp_idle, udp_active):
    """Whether a flow without connections is over by silence or by its age, when the frame comes."""
    return row.ts_ns - flow.end_ns > udp_idle or row.ts_ns - flow.start_ns > udp_active


@inlined
def ended(flow, sides, index, row, side, udp_idle, tcp_idle, udp_active):
    """Whether the flow is over, so that this frame begins another one between the same ends.

    By silence (idle times in ns), by its age where it has no connection, or by a SYN with a new sequence number after
    the connection was open or closed. A SYN that its answer overtook has the number that was answered, and begins
    nothing. A SYN-ACK with a new number begins another flow, whose SYN was not seen, where the connection was closed
    and its sender had spoken.
    """
    if row.proto != TCP:
        return is_old(flow, row, udp_idle, udp_active)
    if row.ts_ns - flow.end_ns > tcp_idle:
        return True
    if row.flags & (SYN | RST | FIN) != SYN:
        return False
    mine = sides[2 * index + side]
    answers = row.flags & ACK > 0
    times = mine.synacks if answers else mine.syns
    if times and (mine.isn == row.seq or (mine.syns + mine.synacks > 1 and mine.isn_before == row.seq)):
        return False
    if mine.syns + mine.synacks == 0 and mine.known and (row.seq + 1) & 0xFFFFFFFF == mine.base:
        return False
    closed = flow.rst_frame > 0 or flow.fin_frame > 0
    if answers:
        return closed and mine.data_frame > 0
    return closed or flow.opening & SYNACK_SEEN > 0 or mine.packets > mine.syns


@kernel
def begins_as_answer(row, likely):
    """Whether the first frame that is seen of a flow is an answer, so that its sender is the responder.

    A SYN-ACK always is. Where the opening is not in the capture, a port on which servers listen decides.
    """
    if icmp_like(row):
        return row.reply == 1
    if row.proto == TCP and row.flags & SYN:
        return row.flags & ACK > 0
    if row.proto == TCP or row.proto == UDP:
        return likely[row.src_port] and not likely[row.dst_port]
    return False


@kernel
def insert(slots, at, flows, sides, counters, row, side, likely):
    """Begin a flow with the frame `row` in slot `at`; returns its index. The tables have room for it."""
    index = counters[FLOWS]
    counters[FLOWS] = index + 1
    slots[at] = (row.hash >> 32) << 32 | index
    flow = flows[index]
    if side:
        flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo = row.dst_hi, row.dst_lo, row.src_hi, row.src_lo
    else:
        flow.a_hi, flow.a_lo, flow.b_hi, flow.b_lo = row.src_hi, row.src_lo, row.dst_hi, row.dst_lo
    if side and not icmp_like(row):
        flow.a_port, flow.b_port = row.dst_port, row.src_port
    else:
        flow.a_port, flow.b_port = row.src_port, row.dst_port
    flow.proto = row.proto
    flow.version = row.version
    answer = begins_as_answer(row, likely)
    flow.orig = 1 - side if answer else side
    flow.flipped = 1 if answer else 0
    flow.history = 0
    flow.opening = 0
    flow.carries = 0
    flow.tunnel = row.tunnel
    flow.vlan = row.vlan
    flow.start_ns = row.ts_ns
    flow.end_ns = row.ts_ns
    flow.first_frame = row.number
    flow.last_frame = row.number
    flow.bin = -1
    flow.syn_ns = -1
    flow.synack_ns = -1
    flow.syn_rtt = -1
    flow.ack_rtt = -1
    flow.rst_frame = 0
    flow.rst_ns = -1
    flow.rst_delay = -1
    flow.rst_ident = -1
    flow.rst_window = -1
    flow.rst_ttl = 0
    flow.rst_side = 0
    flow.fin_frame = 0
    flow.attempts = 0
    flow.kept = 0
    clear(sides[2 * index])
    clear(sides[2 * index + 1])
    return index


@kernel
def clear(side):
    """Set a side to what is known before its first frame."""
    side.packets = 0
    side.octets = 0
    side.frame_octets = 0
    side.payload = 0
    side.retransmitted = 0
    side.missed = 0
    side.mac = 0
    side.first_frame = 0
    side.data_frame = 0
    side.last_ns = -1
    side.last_frame = 0
    side.print = 0
    side.mss = -1
    side.again_at = -1
    side.again = 0
    side.ident = -1
    side.ttl_low = 0
    side.ttl_high = 0
    side.base = 0
    side.next = 0
    side.acked = 0
    side.isn = 0
    side.isn_before = 0
    side.kept = 0
    side.handed = 0
    side.gap = -1
    side.gaps = 0
    side.syns = 0
    side.synacks = 0
    side.fins = 0
    side.rsts = 0
    side.tally_t = 0
    side.tally_w = 0
    side.tally_g = 0
    side.state = 0
    side.before = 0
    side.start = 0
    side.last = 0
    side.letters = 0
    side.ttl = 0
    side.known = 0


def scratch(rows: int) -> np.ndarray:
    """Room for `rows` decoded frames."""
    made = np.zeros(rows, DECODED)
    made["vlan"], made["frames"] = -1, 1
    return made
