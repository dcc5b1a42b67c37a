"""Datagrams that came in fragments are put together again, a bounded number at a time.

Nothing of a datagram is accounted for before it is whole; what never gets whole is told of by its first fragment, or
only counted. Where fragments overlap, what came first stays. Source: RFC 791 section 3.2, RFC 815, RFC 8200 section
4.5, RFC 5722.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.headers import AH, LARGEST, MORE, OFFSET, extensions, transport
from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import copy

DATAGRAM = np.dtype(
    [
        ("src_hi", "i8"),
        ("src_lo", "i8"),
        ("dst_hi", "i8"),
        ("dst_lo", "i8"),
        ("ip_id", "i8"),
        ("begun", "i8"),  # number of the frame that began it, 0 for a free place
        ("frames", "i8"),
        ("ip_octets", "i8"),
        ("frame_octets", "i8"),
        ("total", "i8"),  # octets of the whole, -1 until its last fragment came
        ("got", "i8"),  # octets that fragments claimed
        ("readable", "i8"),  # octets up to the first one that a fragment claimed and the capture lacks
        ("head", "i8"),  # octets of the first fragment that can be read
        ("begun_ns", "i8"),
        ("number", "i8"),  # of the frame that came last, and its other facts
        ("ts_ns", "i8"),
        ("tunnel", "i8"),
        ("vlan", "i4"),
        ("proto", "u1"),
        ("version", "u1"),
        ("ttl", "u1"),
        ("first", "u1"),  # whether the first fragment came
        ("mac", "u1"),  # whether the link has one
    ],
    align=True,
)
WAITING_NS = 60 * 1_000_000_000  # RFC 8200 section 4.5: a datagram's fragments come within 60 s
DATAGRAMS = 64  # that wait at a time
MAC_OCTETS = 8  # before each datagram: the hardware address of the frame that came last
PLACE = MAC_OCTETS + LARGEST + 1
UNITS = (LARGEST + 7) // 8  # a fragment begins at a multiple of 8 octets


@kernel
def is_of(waiting, row):
    """Whether a fragment belongs to a datagram that waits. In IPv6 the protocol is not part of what identifies it."""
    same = waiting.begun > 0 and waiting.ip_id == row.ip_id and waiting.version == row.version
    if not same or (row.version == 4 and waiting.proto != row.proto):
        return False
    ends = waiting.src_lo == row.src_lo and waiting.dst_lo == row.dst_lo
    return ends and waiting.src_hi == row.src_hi and waiting.dst_hi == row.dst_hi


@kernel
def place_of(waiting, row, used):
    """The place of the fragment's datagram, else a free one, else that of the one begun first; never `used`."""
    oldest = 1 if used == 0 else 0
    for k in range(DATAGRAMS):
        if k == used:
            continue
        if is_of(waiting[k], row):
            return k
        if waiting[k].begun < waiting[oldest].begun:
            oldest = k
    return oldest


@kernel
def begin(waiting, units, row):
    """Begin a datagram with the fragment in `row`."""
    for k in range(UNITS):
        units[k] = 0
    waiting.src_hi, waiting.src_lo, waiting.dst_hi, waiting.dst_lo = row.src_hi, row.src_lo, row.dst_hi, row.dst_lo
    waiting.ip_id = row.ip_id
    waiting.begun = row.number
    waiting.frames = 0
    waiting.ip_octets = 0
    waiting.frame_octets = 0
    waiting.total = -1
    waiting.got = 0
    waiting.readable = LARGEST
    waiting.head = 0
    waiting.first = 0
    waiting.begun_ns = row.ts_ns
    waiting.proto = row.proto
    waiting.version = row.version


@kernel
def add(octets, row, waiting, units, pieces, at):
    """Add a fragment to its datagram, whose octets begin at `at` of `pieces`; True where it is whole now.

    What a fragment claims decides that; octets that the snaplen cut away only end what can be read.
    """
    waiting.frames += row.frames
    waiting.ip_octets += row.ip_octets
    waiting.frame_octets += row.frame_octets
    waiting.number = row.number
    waiting.ts_ns = row.ts_ns
    waiting.tunnel = row.tunnel
    waiting.vlan = row.vlan
    waiting.ttl = row.ttl
    waiting.mac = 1 if row.mac_at >= 0 else 0
    if row.mac_at >= 0:
        copy(pieces, at - MAC_OCTETS, octets, row.mac_at, 6)
    unit = row.fragment & OFFSET
    begins = unit == 0 and waiting.head == 0
    if begins:
        waiting.head = row.payload_kept
        waiting.first = 1
        waiting.proto = row.proto
    if row.fragment & MORE == 0 and waiting.total < 0:
        waiting.total = unit * 8 + row.payload
    if row.payload_kept < row.payload:
        waiting.readable = min(waiting.readable, unit * 8 + row.payload_kept)
    for taken in range(0, row.payload, 8):
        claimed = min(row.payload - taken, 8)
        is_odd = claimed < 8 and row.fragment & MORE > 0  # the next one begins at a multiple of 8: it was chopped
        if is_odd and not begins:
            break
        for k in range(np.int64(units[unit]), claimed):
            if taken + k < row.payload_kept:
                pieces[at + unit * 8 + k] = octets[row.payload_at + taken + k]
        if is_odd:
            break
        if claimed > units[unit]:
            waiting.got += claimed - units[unit]
            units[unit] = claimed
        unit += 1
    return waiting.first and 0 <= waiting.total <= waiting.got and covers(units, waiting.total)


@kernel
def covers(units, total):
    """Whether the first `total` octets were all claimed."""
    for unit in range(total // 8):
        if units[unit] < 8:
            return False
    return total % 8 == 0 or units[total // 8] >= total % 8


@kernel
def whole(waiting, at, row):
    """Make `row` the packet that came in several frames; its octets are at `at` of the pieces."""
    row.src_hi, row.src_lo, row.dst_hi, row.dst_lo = waiting.src_hi, waiting.src_lo, waiting.dst_hi, waiting.dst_lo
    row.version = waiting.version
    row.proto = waiting.proto
    row.ip_id = waiting.ip_id
    row.ttl = waiting.ttl
    row.vlan = waiting.vlan
    row.tunnel = waiting.tunnel
    row.mac_at = at - MAC_OCTETS if waiting.mac else -1
    row.number = waiting.number
    row.ts_ns = waiting.ts_ns
    row.fragment = 0
    row.frames = waiting.frames
    row.ip_octets = waiting.ip_octets
    row.frame_octets = waiting.frame_octets
    row.carries = 0


@kernel
def beginning(waiting, pieces, at, row):
    """Make `row` what the first fragment tells of a datagram that never got whole: the ports; False for none at all."""
    whole(waiting, at, row)
    end = at + min(waiting.head, waiting.readable)
    body, left = at, waiting.head
    if row.version == 6 or row.proto == AH:
        body, left = extensions(pieces, at, end, np.int64(row.proto), left, row)
    if body < 0 or row.fragment or body > end:
        return False
    transport(pieces, body, end, left, row)
    row.lean = 1
    row.flags = 0
    row.payload = 0
    row.payload_kept = 0
    return True
