"""Packets that were seen a moment ago: a mirror hands over each frame once for every port that it passes.

Copies are told by what no hop changes: addresses, identification, length, and octets of what the packet carries: of
TCP the first ones, whose checksum is that of all, else the first and the last ones. MAC, VLAN, tunnel, DSCP and the TTL
by a hop may differ. Retransmissions come later, or with another identification, timestamp or checksum.

`recent` holds RECENT rows, WAYS of them for each of SETS keys, the newest first.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.flows import FIN, SYN
from analyzer.kernels.hashing import GOLDEN, crossed, product, stirred, total
from analyzer.kernels.headers import TCP
from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.octets import be64, u8

RECENT = np.dtype([("print", "i8"), ("ts_ns", "i8")], align=True)
WAYS = 4
SETS = 2048  # 128 KB: copies that come some hundred frames later are still found
TCP_SAMPLED = 32  # octets of TCP: the header with its timestamps
SAMPLED = 40  # octets of any other: UDP with 32 of payload
TTL, TAKEN, FREE = 255, 256, 511  # the low bits of a print: the TTL, and whether the copy of a bare packet came
LONG_AGO = -(1 << 62)
HABITS = 4096
ANY = HABITS  # the place in `mirroring` that tells whether there was any copy
ALL, MIRRORED = 4096, 128  # only copies, and enough to think that bare packets are copied as well: one of the last few
PORTS = 0xC2B2AE3D27D4EB4F  # odd, as xxhash has it
# any numbers of 63 bit: only a word that is one of them makes its pair's hash 0
SOURCE, IDENT = np.int64(0x42B2AE3D27D4EB4F), np.int64(0x6737ED1A0B428DB1)
FIRST, SECOND, THIRD = np.int64(0x1E3779B185EBCA87), np.int64(0x65EBCA77C2B2AE63), np.int64(0x27D4EB2F165667C5)
FOURTH, FIFTH, LAST = np.int64(0x0EBC6AF09C88C6E3), np.int64(0x589965CC75374CC3), np.int64(0x165667B19E3779F9)


def none_seen() -> np.ndarray:
    """Room for packets that were seen, before the first."""
    made = np.zeros(SETS * WAYS, RECENT)
    made["ts_ns"] = LONG_AGO
    return made


def none_mirrored() -> np.ndarray:
    """What is thought of flows before their first packets."""
    return np.zeros(HABITS + 1, np.int32)


@inlined
def print_of(octets, row):
    """A number that copies of a packet share and others do not, once `row.hash` is known; nine bits are free.

    Words are hashed by pairs, of which none waits for the one before, nor for the hash of the flow.
    """
    at, kept = row.transport_at, row.transport_kept
    sampled = min(kept, TCP_SAMPLED if row.proto == TCP else SAMPLED)
    key = row.fragment << 16 | row.payload << 32 | sampled << 8 | row.proto
    source = total(row.src_lo, product(key, GOLDEN))
    value = crossed(source ^ SOURCE, (row.ip_id << 32 | row.ip_octets) ^ IDENT)
    if kept >= 16:
        last = at + kept - 8
        value = total(value, crossed(be64(octets, at) ^ FIRST, be64(octets, at + 8) ^ SECOND))
        third, fourth = be64(octets, min(at + 16, last)), be64(octets, min(at + 24, last))
        value = total(value, crossed(third ^ THIRD, fourth ^ FOURTH))
        if row.proto != TCP:
            value = total(value, crossed(be64(octets, min(at + 32, last)) ^ FIFTH, be64(octets, last) ^ LAST))
    else:
        value = total(value, few(octets, at, kept))
    return stirred(value, row.hash) & ~FREE


@kernel
def few(octets, at, kept):
    """A hash of fewer than 16 octets."""
    value = np.int64(0)
    if kept >= 8:
        return stirred(stirred(value, be64(octets, at)), be64(octets, at + kept - 8))
    for k in range(kept):
        value = stirred(value, u8(octets, at + k))
    return value


@inlined
def is_bare(row):
    """Whether hosts send such packets twice in a moment by themselves: bare ACKs and RSTs that nothing tells apart."""
    return row.proto == TCP and row.payload == 0 and row.ip_id == 0 and row.flags & (SYN | FIN) == 0


@inlined
def habit_of(row):
    """The place of a flow in `mirroring`: the same in every run, so that a capture's figures are as well.

    Flows that share one share what is thought of them, which is right where a whole port is mirrored.
    """
    ports = product(np.int64(row.src_port) + np.int64(row.dst_port), PORTS)
    return (total(product(total(row.src_lo, row.dst_lo), GOLDEN), ports) >> 32) & (HABITS - 1)


@inlined
def is_copy(row, value, recent, mirroring, window_ns, is_news):
    """Whether the packet is a copy of one seen within the window, before or after; if not, it is remembered.

    Bare packets are copies only while others of their flow are, and then every second one.

    value      the packet's print
    recent     RECENT[SETS * WAYS], as none_seen() has it before the first packet
    mirroring  i4[HABITS + 1]: per flow, by `habit_of`, the share of copies among its last packets that are not bare, of
               ALL; at ANY whether there was a copy at all
    is_news    whether its flow tells that it is no copy: it is only remembered
    """
    first = ((value >> 9) & (SETS - 1)) * WAYS
    if not is_news:
        found = recent[first].print & ~FREE == value
        for k in range(first + 1, first + WAYS):  # without branches, which nobody could foresee
            found |= recent[k].print & ~FREE == value
        if found:
            answer = known(row, value, first, recent, mirroring, window_ns)
            if answer >= 0:
                return answer == 1
    if mirroring[ANY] and not is_bare(row):
        habit = habit_of(row)
        mirroring[habit] -= mirroring[habit] >> 4
    for k in range(first + WAYS - 1, first, -1):
        recent[k].print = recent[k - 1].print
        recent[k].ts_ns = recent[k - 1].ts_ns
    recent[first].print = value | row.ttl
    recent[first].ts_ns = row.ts_ns
    return False


@kernel
def known(row, value, first, recent, mirroring, window_ns):
    """Whether the packet whose print stands among the rows from `first` on is a copy: 1 or 0, -1 if it is new."""
    habit = habit_of(row)
    for k in range(first, first + WAYS):
        held = recent[k]
        if held.print & ~FREE != value or not -window_ns <= row.ts_ns - held.ts_ns <= window_ns:
            continue
        if not -1 <= (held.print & TTL) - row.ttl <= 1:
            continue
        if not is_bare(row):
            mirroring[ANY] = 1
            mirroring[habit] += (ALL - mirroring[habit]) >> 4
            return 1
        if mirroring[habit] > MIRRORED and held.print & TAKEN == 0:
            held.print |= TAKEN
            return 1
        held.print &= ~TAKEN
        held.ts_ns = row.ts_ns
        return 0
    return -1
