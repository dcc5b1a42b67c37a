"""A frame of any link becomes one row of DECODED: its innermost IP packet, or why there is none."""

from __future__ import annotations

import numpy as np

from analyzer.kernels import links as ln
from analyzer.kernels.headers import ENCRYPTED, IP, OTHER, SHORT, TCP, UDP, UNKNOWN, ipv4, ipv6, transport
from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.links import ETHERNET, IPV4_TYPE, IPV6_TYPE
from analyzer.kernels.octets import be16
from analyzer.kernels.tunnels import inward, is_carrier


@inlined
def decode(octets, at, caplen, origlen, kind, fcs, rows):
    """Decode a frame of `caplen` octets at `at`, `origlen` on the wire, of link type `kind`, into `rows[0]`.

    rows  two records of DECODED: all but ts_ns, number and hash are written where the answer is IP
    Returns what tunnels.inward does, or UNKNOWN. Most frames are TCP over IP over Ethernet, and take no call.
    """
    row = rows[0]
    row.vlan = -1
    row.mac_at = -1
    row.tunnel = 0
    row.carries = 0
    row.frames = 1
    if caplen == origlen and fcs < caplen:
        caplen -= fcs
        origlen -= fcs
    end = at + caplen
    wire = max(origlen, caplen)
    row.frame_octets = wire
    if kind != ETHERNET or caplen < 14:
        return decode_any(octets, at, end, wire - caplen, kind, rows)
    found = be16(octets, at + 12)
    body = np.int64(-1)
    left = np.int64(0)
    wire -= 14
    if found == IPV4_TYPE:
        body, left = ipv4(octets, at + 14, end, wire, row)
    elif found == IPV6_TYPE:
        body, left = ipv6(octets, at + 14, end, wire, row)
    if body < 0 or row.fragment or not (row.proto == TCP or row.proto == UDP):
        return decode_any(octets, at, end, wire + 14 - caplen, kind, rows)
    row.mac_at = at + 6
    # a length field larger than the frame is damage: nobody sent those octets
    left = max(min(left, wire - (body - at - 14)), 0)
    row.ip_octets = min(row.ip_octets, wire)
    transport(octets, body, end, left, row)
    if row.proto == UDP and is_carrier(row.src_port, row.dst_port):
        return decode_any(octets, at, end, wire + 14 - caplen, kind, rows)
    return IP


@kernel
def decode_any(octets, at, end, cut, kind, rows):
    """Decode a frame of any kind; `cut` octets more than stand between `at` and `end` were on the wire."""
    row = rows[0]
    row.mac_at = -1
    found, inner, stop = ln.link(octets, at, end, cut, kind, row)
    if found == ln.UNKNOWN_LINK:
        return UNKNOWN
    if found == ln.SHORT:
        return SHORT
    if found == ln.ENCRYPTED:
        return ENCRYPTED
    if found < 0:
        return OTHER
    return inward(octets, inner, stop, cut, found, rows)
