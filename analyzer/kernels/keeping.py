"""What a sweep keeps for the dissectors: the first octets of each flow, and the errors of ICMP."""

from __future__ import annotations

import numpy as np

from analyzer.kernels import flows as fl
from analyzer.kernels import headers as hd
from analyzer.kernels.flows import find, flow_hash, source_is_b
from analyzer.kernels.gaps import difference
from analyzer.kernels.headers import ipv4, ipv6, transport
from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.octets import be16, be32, copy, u8

STREAM_OCTETS = 32 * 1024  # of a TCP direction: a ClientHello, or a ServerHello with a certificate chain of ten
STREAM_OCTETS_TWICE = 2 * STREAM_OCTETS  # with what was sent again
STREAM_SEGMENTS = 64  # of a TCP direction: 32 KB in segments of 536 octets (RFC 9293 section 3.7.1) are 62
MESSAGE_OCTETS = 4096  # of a datagram: RFC 6891 section 6.2.5 names it as the largest EDNS buffer in use
MESSAGES = 16  # datagrams of a flow
MESSAGES_MANY = 1 << 16  # … of DNS and DHCP, where one flow carries many transactions

SEGMENT = np.dtype(
    [("flow", "i8"), ("at", "i8"), ("ts_ns", "i8"), ("frame", "i8"), ("seq", "u4"), ("octets", "i4"), ("side", "i4")],
    align=True,
)
ERROR = np.dtype(
    [
        ("flow", "i8"),
        ("quoted", "i8"),
        ("ts_ns", "i8"),
        ("frame", "i8"),
        ("type", "i4"),
        ("code", "i4"),
        ("side", "i4"),
        ("mtu", "i4"),
        ("ttl", "i4"),
    ],
    align=True,
)


@inlined
def most_kept(row):
    """How many datagrams of the frame's flow the dissectors get."""
    return MESSAGES_MANY if is_asked_often(row.src_port) or is_asked_often(row.dst_port) else MESSAGES


@inlined
def is_asked_often(port):
    """Whether one flow of this port carries the transactions of many clients or questions: DNS, DHCP, their kin."""
    return port == 53 or port == 67 or port == 68 or port == 546 or port == 547 or port == 5353 or port == 5355


@kernel
def keep_message(octets, flow, row, index, side, segments, arena, counters):
    """Hand a datagram's payload to the dissectors while its flow has sent few."""
    flow.kept += 1
    keep(octets, row.payload_at, min(row.payload_kept, MESSAGE_OCTETS), 0, row, index, side, segments, arena, counters)


@inlined
def is_kept(mine, row):
    """Whether the dissectors may want a segment's payload: its stream is at its beginning."""
    return (mine.kept < STREAM_OCTETS_TWICE) & (mine.handed < STREAM_SEGMENTS) & (row.payload_kept > 0)


@kernel
def keep_segment(octets, mine, row, index, side, segments, arena, counters):
    """Hand a segment's payload to the dissectors while its stream is at its beginning."""
    seq = row.seq + (1 if row.flags & 2 else 0)
    place = difference(seq, mine.base)
    if place >= STREAM_OCTETS or place + row.payload_kept <= 0:
        return
    octets_kept = min(row.payload_kept, STREAM_OCTETS - place)
    mine.kept += octets_kept
    mine.handed += 1
    keep(octets, row.payload_at, octets_kept, seq, row, index, side, segments, arena, counters)


@kernel
def keep(octets, start, length, seq, row, index, side, segments, arena, counters):
    """Copy `length` octets from `start` on to the arena and note where they belong."""
    at = counters[fl.ARENA]
    copy(arena, at, octets, start, length)
    counters[fl.ARENA] = at + length
    kept = segments[counters[fl.SEGMENTS]]
    counters[fl.SEGMENTS] += 1
    kept.flow = index
    kept.at = at
    kept.ts_ns = row.ts_ns
    kept.frame = row.number
    kept.seq = np.uint32(seq & 0xFFFFFFFF)
    kept.octets = length
    kept.side = side


@kernel
def is_error(row):
    """Whether it is an ICMP message that quotes a packet (RFC 792; RFC 4443 section 2.1)."""
    if row.proto == hd.ICMP:
        kind = row.src_port
        return kind == 3 or kind == 4 or kind == 5 or kind == 11 or kind == 12
    return row.proto == hd.ICMPV6 and 1 <= row.src_port <= 4


@kernel
def keep_error(octets, row, index, side, slots, flows, quoted, errors, counters):
    """Note an ICMP error and the flow that it quotes, -1 where that is not known."""
    error = errors[counters[fl.ERRORS]]
    counters[fl.ERRORS] += 1
    error.flow = index
    error.side = side
    error.ts_ns = row.ts_ns
    error.frame = row.number
    error.type = row.src_port
    error.code = row.dst_port
    error.quoted = -1
    error.ttl = row.ttl
    error.mtu = -1
    if row.payload_kept >= 8:
        if row.proto == hd.ICMP and row.src_port == 3 and row.dst_port == 4:
            error.mtu = be16(octets, row.payload_at + 6)
        elif row.proto == hd.ICMPV6 and row.src_port == 2:
            error.mtu = min(be32(octets, row.payload_at + 4), 0x7FFFFFFF)
    at = row.payload_at + 8
    end = row.payload_at + row.payload_kept
    if end - at < 20:
        return
    if u8(octets, at) >> 4 == 4:
        body, left = ipv4(octets, at, end, 65535, quoted)
    else:
        body, left = ipv6(octets, at, end, 65535, quoted)
    if body < 0:
        return
    transport(octets, body, end, left, quoted)
    quoted.hash = flow_hash(quoted, counters[fl.SEED])
    _, held = find(slots, flows, quoted, source_is_b(quoted))
    if held >= 0:
        error.quoted = held & fl.INDEX
