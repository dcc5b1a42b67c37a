"""A TCP segment in one IPv4 packet on Ethernet, read with five loads and kept in registers: most frames are such.

What it cannot read, kernels/frames.py does: options of IP, fragments, tunnels, frames that were cut within the headers.
Source: RFC 791 section 3.1; RFC 9293 section 3.1; IEEE 802.1Q.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzer.kernels.flows import ends_hash
from analyzer.kernels.headers import MORE, OFFSET, TCP, V4_MAPPED
from analyzer.kernels.jit import inlined
from analyzer.kernels.kinds import IPV4_TYPE, VLAN_TYPE
from analyzer.kernels.octets import be32, be64

IPV4, TRANSPORT = 20, 20  # octets of both headers without options
LEAST = 14 + IPV4 + TRANSPORT
BEGINS = IPV4_TYPE << 8 | 0x45  # the type, version 4, five words of header
WHOLE = (MORE | OFFSET) << 16 | 0xFF  # of the word that has fragment, TTL and protocol: no fragment, and the protocol


class Segment(NamedTuple):
    """What of DECODED such a frame has; `good` tells whether it is one, 0 or 1."""

    good: int
    ts_ns: int
    number: int
    src_hi: int
    src_lo: int
    dst_hi: int
    dst_lo: int
    src_port: int
    dst_port: int
    mac_at: int
    transport_at: int
    transport_kept: int
    payload_at: int
    payload_kept: int
    payload: int
    ip_octets: int
    frame_octets: int
    seq: int
    ack: int
    ip_id: int
    ttl: int
    flags: int
    window: int
    hash: int
    fragment: int
    proto: int
    version: int
    reply: int
    lean: int


@inlined
def read_segment(octets, at, caplen, origlen, number, ts_ns, seed):
    """The frame of at least LEAST octets at `at`, `caplen` of `origlen` kept, with its hash under `seed`."""
    inner = at + 14
    begin = be64(octets, at + 12)
    if (begin >> 48) & 0xFFFF == VLAN_TYPE:
        inner += 4
        begin = be64(octets, at + 16)
    kind = be32(octets, inner + 6)
    ends = be64(octets, inner + 12)
    ports = be64(octets, inner + IPV4)
    rest = be64(octets, inner + IPV4 + 8)
    body = inner + IPV4
    total = (begin >> 16) & 0xFFFF
    header = (rest >> 26) & 0x3C
    payload = total - IPV4 - header
    kept = at + caplen - body
    good = (
        ((begin >> 40) & 0xFFFFFF == BEGINS)
        & (kind & WHOLE == TCP)
        & (header >= TRANSPORT)
        & (payload >= 0)
        & (kept >= TRANSPORT)
        & (total <= origlen - (inner - at))
        & (caplen <= origlen)
    )
    src, dst = V4_MAPPED | (ends >> 32) & 0xFFFFFFFF, V4_MAPPED | ends & 0xFFFFFFFF
    src_port, dst_port = (ports >> 48) & 0xFFFF, (ports >> 32) & 0xFFFF
    return Segment(
        np.int64(good), ts_ns, number,
        np.int64(0), src, np.int64(0), dst, src_port, dst_port,
        at + 6, body, min(kept, total - IPV4), body + header, max(min(kept - header, payload), 0), payload,
        total, origlen, ports & 0xFFFFFFFF, (rest >> 32) & 0xFFFFFFFF, begin & 0xFFFF,
        (kind >> 8) & 0xFF, (rest >> 16) & 0xFF, rest & 0xFFFF,
        ends_hash(src, dst, src_port, dst_port, np.int64(TCP), seed), np.int64(0), np.int64(TCP), np.int64(4),
        np.int64(0), np.int64(0),
    )  # fmt: skip
