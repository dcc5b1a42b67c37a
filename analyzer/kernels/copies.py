"""Packets that were seen a moment ago: a mirror hands over each frame once for every port that it passes.

Copies are told by what no hop changes: addresses, identification, length, and the first and last octets of what the
packet carries, checksums among them. MAC, VLAN, tunnel, DSCP and the TTL by a hop may differ. Retransmissions come
later, or with another identification, timestamp or checksum.

`recent` holds RECENT rows, WAYS of them for each of SETS keys, so that a key's rows share a cache line.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.flows import FIN, SYN
from analyzer.kernels.headers import TCP
from analyzer.kernels.jit import inlined
from analyzer.kernels.octets import be64, u8

RECENT = np.dtype([("print", "i8"), ("ts_ns", "i8")], align=True)
WAYS = 4
SETS = 2048  # 128 KB: copies that come some hundred frames later are still found
SAMPLED = 40  # octets of the transport's header and payload: TCP with the options that matter, UDP with 32 of payload
TTL, TAKEN, FREE = 255, 256, 511  # the low bits of a print: the TTL, and whether the copy of a bare packet came
LONG_AGO = -(1 << 62)
HABITS = 4096
ALL, MIRRORED = 4096, 128  # only copies, and enough to think that bare packets are copied as well: one of the last few
SOME, OTHER = -7046029254386353131, -4417276706812531889  # odd numbers, as splitmix64 and xxhash have them


def none_seen() -> np.ndarray:
    """Room for packets that were seen, before the first."""
    made = np.zeros(SETS * WAYS, RECENT)
    made["ts_ns"] = LONG_AGO
    return made


@inlined
def stirred(value, word):
    """A hash of so much and one word more; it wraps, as machine integers do."""
    value = (value ^ word) * SOME
    return value ^ ((value >> 29) & 0x7FFFFFFFF)


@inlined
def print_of(octets, row):
    """A number that copies of a packet share and others do not, once `row.hash` is known; nine bits are free."""
    at, kept = row.transport_at, row.transport_kept
    value = stirred(row.hash + row.src_lo * OTHER, row.ip_id << 32 | row.ip_octets)
    value = stirred(value, row.fragment << 16 | row.payload << 32 | row.proto)
    sampled = min(kept, SAMPLED)
    for k in range(0, sampled - 7, 8):
        value = stirred(value, be64(octets, at + k))
    if kept >= 8:
        value = stirred(value, be64(octets, at + kept - 8))
    else:
        for k in range(kept):
            value = stirred(value, u8(octets, at + k))
    return value & ~FREE


@inlined
def is_bare(row):
    """Whether hosts send such packets twice in a moment by themselves: bare ACKs and RSTs that nothing tells apart."""
    return row.proto == TCP and row.payload == 0 and row.ip_id == 0 and row.flags & (SYN | FIN) == 0


@inlined
def habit_of(row):
    """The place of a flow in `mirroring`: the same in every run, so that a capture's figures are as well.

    Flows that share one share what is thought of them, which is right where a whole port is mirrored.
    """
    ends = (row.src_lo + row.dst_lo) * SOME + (np.int64(row.src_port) + np.int64(row.dst_port)) * OTHER
    return (ends >> 32) & (HABITS - 1)


@inlined
def is_copy(octets, row, recent, mirroring, window_ns):
    """Whether the packet is a copy of one seen within the window, before or after; if not, it is remembered.

    Bare packets are copies only while others of their flow are, and then every second one.

    recent     RECENT[SETS * WAYS], as none_seen() has it before the first packet
    mirroring  i4[HABITS]: per flow, by `habit_of`, the share of copies among its last packets that are not bare, of ALL
    """
    value = print_of(octets, row)
    bare = is_bare(row)
    habit = habit_of(row)
    first = ((value >> 9) & (SETS - 1)) * WAYS
    oldest = first
    for k in range(first, first + WAYS):
        held = recent[k]
        if held.print & ~FREE == value and -window_ns <= row.ts_ns - held.ts_ns <= window_ns:
            if -1 <= (held.print & TTL) - row.ttl <= 1:
                if not bare:
                    mirroring[habit] += (ALL - mirroring[habit]) >> 4
                    return True
                if mirroring[habit] > MIRRORED and held.print & TAKEN == 0:
                    held.print |= TAKEN
                    return True
                held.print &= ~TAKEN
                held.ts_ns = row.ts_ns
                return False
        if held.ts_ns < recent[oldest].ts_ns:
            oldest = k
    if not bare:
        mirroring[habit] -= mirroring[habit] >> 4
    recent[oldest].print = value | row.ttl
    recent[oldest].ts_ns = row.ts_ns
    return False
