"""What most frames are, read with a few loads and kept in registers: TCP or UDP in one IP packet on Ethernet.

What it cannot read, kernels/frames.py does: options and extension headers, fragments, tunnels, frames that were cut
within the headers. Source: RFC 791 section 3.1; RFC 8200 section 3; RFC 9293 section 3.1; RFC 768; IEEE 802.1Q.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzer.kernels.carriers import is_carrier
from analyzer.kernels.flows import ends_hash
from analyzer.kernels.hashing import mix, total
from analyzer.kernels.headers import MORE, OFFSET, TCP, UDP, V4_MAPPED
from analyzer.kernels.jit import inlined
from analyzer.kernels.kinds import IPV4_TYPE, IPV6_TYPE, VLAN_TYPE
from analyzer.kernels.octets import be32, be64

MAC, TAG, IPV4, IPV6, TRANSPORT, DATAGRAM = 14, 4, 20, 40, 20, 8  # octets of headers without options
LEAST = MAC + IPV4 + TRANSPORT
LEAST6 = MAC + TAG + IPV6 + 16
BEGINS = IPV4_TYPE << 8 | 0x45  # the type, version 4, five words of header
BEGINS6 = IPV6_TYPE << 4 | 6
WHOLE = (MORE | OFFSET) << 16  # of the word that has fragment, TTL and protocol


class Packet(NamedTuple):
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
    frames: int
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
def read_packet(octets, at, caplen, origlen, number, ts_ns, seed):
    """The frame of at least LEAST octets at `at`, `caplen` of `origlen` kept, with its hash under `seed`."""
    inner = at + MAC
    begin = be64(octets, at + 12)
    if (begin >> 48) & 0xFFFF == VLAN_TYPE:
        inner += TAG
        begin = be64(octets, at + 16)
    src_hi = dst_hi = np.int64(0)
    if (begin >> 44) & 0xFFFFF == BEGINS6 and caplen >= LEAST6:
        version = np.int64(6)
        body = inner + IPV6
        src_hi, src_lo = be64(octets, inner + 8), be64(octets, inner + 16)
        dst_hi, dst_lo = be64(octets, inner + 24), be64(octets, inner + 32)
        word = be32(octets, inner + 4)  # length of the payload, next header, hop limit
        left, proto, ttl, ip_id = word >> 16, (word >> 8) & 0xFF, word & 0xFF, np.int64(0)
        more = total(proto, mix(src_hi, seed) ^ mix(dst_hi, seed))
        good = left > 0  # else a jumbogram, or segmentation offload
    else:
        version = np.int64(4)
        body = inner + IPV4
        ends = be64(octets, inner + 12)
        src_lo, dst_lo = V4_MAPPED | (ends >> 32) & 0xFFFFFFFF, V4_MAPPED | ends & 0xFFFFFFFF
        word = be32(octets, inner + 6)  # fragment, TTL, protocol
        left, proto, ttl, ip_id = ((begin >> 16) & 0xFFFF) - IPV4, word & 0xFF, (word >> 8) & 0xFF, begin & 0xFFFF
        more = proto
        good = ((begin >> 40) & 0xFFFFFF == BEGINS) & (word & WHOLE == 0)
    ports, rest = be64(octets, body), be64(octets, body + 8)
    src_port, dst_port = (ports >> 48) & 0xFFFF, (ports >> 32) & 0xFFFF
    kept = at + caplen - body
    good = good & (left <= origlen - (body - at)) & (caplen <= origlen)
    if proto == TCP:
        header, flags, window = (rest >> 26) & 0x3C, (rest >> 16) & 0xFF, rest & 0xFFFF
        seq, ack = ports & 0xFFFFFFFF, (rest >> 32) & 0xFFFFFFFF
        payload = left - header
        good = good & (header >= TRANSPORT) & (kept >= TRANSPORT)
    else:
        header, flags, window, seq, ack = np.int64(DATAGRAM), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        told = (ports >> 16) & 0xFFFF
        payload = (told if DATAGRAM <= told < left else left) - DATAGRAM
        good = good & (proto == UDP) & (kept >= DATAGRAM) and not is_carrier(src_port, dst_port)
    hashed = ends_hash(src_lo, dst_lo, src_port, dst_port, more, seed)
    return Packet(
        np.int64(good and payload >= 0), ts_ns, number, src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port, at + 6,
        body, min(kept, left), body + header, max(min(kept - header, payload), 0), payload, left + body - inner,
        np.int64(1), origlen, seq, ack, ip_id, ttl, flags, window, hashed, np.int64(0), proto, version, np.int64(0),
        np.int64(0),
    )  # fmt: skip
