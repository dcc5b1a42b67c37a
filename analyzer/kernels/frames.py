"""A frame of any link becomes one row of DECODED: its innermost IP packet, or why there is none."""

from __future__ import annotations

import numpy as np

from analyzer.kernels import kinds
from analyzer.kernels.carriers import is_carrier, within_udp
from analyzer.kernels.headers import (
    ENCRYPTED,
    FRAGMENT,
    IP,
    OTHER,
    SHORT,
    TCP,
    TUNNEL,
    UDP,
    UNKNOWN,
    fits,
    ipv4,
    ipv6,
    transport,
)
from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.kinds import IPV4_TYPE, IPV6_TYPE, PROTO, RAW_IP, VLAN_TYPE
from analyzer.kernels.links import link
from analyzer.kernels.octets import be16, u8
from analyzer.kernels.tunnels import ERSPAN, ETHERIP, GRE, KEPT_NAMES, PPPOE, UNNAMED, is_tag, unwrap, within_ip
from analyzer.kernels.wireless import ETHERNET

LAYERS = 16  # headers of one frame that are followed; tags count with their Ethernet header
CARRIERS = 4  # tunnels over UDP
TAGS = 7  # one after the other
ROUNDS = 64


@kernel
def wrapped(row, name):
    """Note that the packet that follows is wrapped in `name`; the first four are kept, the outermost lowest."""
    if name == UNNAMED:
        return
    for place in range(0, 8 * KEPT_NAMES, 8):
        if row.tunnel >> place == 0:
            row.tunnel |= name << place
            return


@kernel
def carried(octets, row):
    """IP, or TUNNEL where the datagram in `row` carries another packet: inner_kind, inner_at, inner_end say which."""
    row.carries = 0
    if row.proto != UDP or row.payload_kept == 0 or not is_carrier(row.src_port, row.dst_port):
        return IP
    if row.carriers == CARRIERS:
        return IP
    stop = row.payload_at + row.payload_kept
    kind, at, name = within_udp(octets, row.payload_at, stop, row.payload - row.payload_kept, row)
    if kind < 0:
        return IP
    row.carries = name
    row.inner_kind = kind
    row.inner_at = at
    row.inner_end = stop
    row.inner_cut = row.payload - row.payload_kept
    row.carriers += 1
    row.payload_kept = 0
    return TUNNEL


@kernel
def enter(octets, rows):
    """Go on inside the tunnel of the datagram in `rows[0]`, as `inward` does."""
    row = rows[0]
    wrapped(row, row.carries)
    row.carries = 0
    row.layers += 1
    return inward(octets, row.inner_at, row.inner_end, row.inner_cut, row.inner_kind, rows)


@kernel
def ip_header(octets, at, end, cut, kind, row):
    """Read an IP header of either version: as headers.ipv4, the length clamped to what the frame can hold."""
    wire = end - at + cut
    if kind == IPV4_TYPE:
        body, left = ipv4(octets, at, end, wire, row)
    else:
        body, left = ipv6(octets, at, end, wire, row)
    if body >= 0:
        left = max(min(left, wire - (body - at)), 0)
        row.ip_octets = min(row.ip_octets, wire)
    return body, left


@kernel
def inward(octets, at, end, cut, kind, rows):
    """Decode what `kind` announces at `at` into `rows[0]`, down to the innermost IP packet.

    end   where the octets of the frame end; `cut` more were there on the wire
    rows  two records of DECODED; the second keeps a packet of which it is not known yet whether it can be opened
    Returns IP, TUNNEL (a datagram that carries another packet: account for it, then `enter`), FRAGMENT (payload_at
    and payload tell which part), OTHER, SHORT or ENCRYPTED.
    """
    row = rows[0]
    kept = False
    at_kept, end_kept, left_kept = at, end, np.int64(0)
    left = end - at + cut
    why = np.int64(OTHER)
    layers = row.layers
    tags = 0
    for _ in range(ROUNDS):
        layers += 0 if is_tag(kind) or kind >= PROTO else 1
        tags = tags + 1 if is_tag(kind) else 0
        if layers > LAYERS or tags > TAGS:
            break
        if kind == RAW_IP:
            if end - at < 1:
                why = np.int64(SHORT)
                break
            version = u8(octets, at) >> 4
            if version != 4 and version != 6:
                break
            kind = IPV4_TYPE if version == 4 else IPV6_TYPE
        if kind == IPV4_TYPE or kind == IPV6_TYPE:
            body, left = ip_header(octets, at, end, cut, kind, row)
            if body < 0 or (row.fragment and not fits(row.fragment, left)):
                why = np.int64(SHORT)
                break
            if row.fragment:
                row.payload_at = body
                row.payload = left
                row.payload_kept = max(min(end - body, left), 0)
                row.transport_at = body
                row.transport_kept = row.payload_kept
                row.src_port = 0
                row.dst_port = 0
                row.layers = layers
                return FRAGMENT
            at = body
            stop = min(end, body + left)
            cut = max(body + left - stop, 0)
            end = max(stop, body) if stop >= body else end
            kind = PROTO + np.int64(row.proto)
        elif kind >= PROTO:
            following, inner, name = within_ip(octets, at, end, row.proto, row.version)
            if following < 0:
                transport(octets, at, end, left, row)
                row.layers = layers
                return carried(octets, row)
            rows[1] = rows[0]
            kept, at_kept, end_kept, left_kept = True, at, end, left
            wrapped(row, name)
            kind, at = following, inner
            layers += 1 if name == GRE or name == ERSPAN or name == ETHERIP else 0
        else:
            following, at, name = unwrap(octets, at, end, kind, row)
            if following < 0:
                if following == kinds.ENCRYPTED:
                    why = np.int64(ENCRYPTED)
                elif following == kinds.SHORT:
                    why = np.int64(SHORT)
                break
            wrapped(row, name)
            kind = following
            if name == PPPOE:
                wire = end - at + cut
                end = min(end, at + be16(octets, at - 2))
                cut = max(min(wire, be16(octets, at - 2)) - (end - at), 0)
    if kept:
        rows[0] = rows[1]
        transport(octets, at_kept, end_kept, left_kept, rows[0])
        rows[0].carries = 0
        return IP
    return why


@inlined
def decode(octets, at, caplen, origlen, kind, rows):
    """Decode a frame of `caplen` octets at `at`, `origlen` on the wire, of link type `kind`, into `rows[0]`.

    rows  two records of DECODED: all but ts_ns, number and hash are written where the answer is IP
    Returns what tunnels.inward does, or UNKNOWN. Most frames are TCP over IP over Ethernet: they take no call.
    """
    row = rows[0]
    if row.wrapped:
        plain(row)
    end = at + caplen
    wire = max(origlen, caplen)
    cut = wire - caplen
    row.frame_octets = wire
    if kind != ETHERNET or caplen < 18:
        return decode_any(octets, at, end, cut, kind, rows)
    found = be16(octets, at + 12)
    inner = at + 14
    if found == VLAN_TYPE:
        row.wrapped = 1
        row.vlan = be16(octets, inner) & 0xFFF
        found = be16(octets, inner + 2)
        inner += 4
    body = np.int64(-1)
    left = np.int64(0)
    wire -= inner - at
    if found == IPV4_TYPE:
        body, left = ipv4(octets, inner, end, wire, row)
    elif found == IPV6_TYPE:
        body, left = ipv6(octets, inner, end, wire, row)
    if body < 0 or row.fragment or not (row.proto == TCP or row.proto == UDP):
        return decode_any(octets, at, end, cut, kind, rows)
    row.mac_at = at + 6
    # a length field larger than the frame is damage: nobody sent those octets
    left = max(min(left, wire - (body - inner)), 0)
    row.ip_octets = min(row.ip_octets, wire)
    transport(octets, body, end, left, row)
    if row.proto == UDP and is_carrier(row.src_port, row.dst_port):
        return decode_any(octets, at, end, cut, kind, rows)
    return IP


@kernel
def plain(row):
    """Set what a frame without tags, tunnels and fragments has, so that it need not be set for every frame."""
    row.wrapped = 0
    row.vlan = -1
    row.tunnel = 0
    row.carries = 0
    row.carriers = 0
    row.layers = 0
    row.frames = 1


@kernel
def decode_any(octets, at, end, cut, kind, rows):
    """Decode a frame of any kind; `cut` octets more than stand between `at` and `end` were on the wire."""
    row = rows[0]
    plain(row)
    row.wrapped = 1
    row.mac_at = -1
    found, inner, stop = link(octets, at, end, cut, kind, row)
    if found == kinds.UNKNOWN_LINK:
        return UNKNOWN
    if found == kinds.SHORT:
        return SHORT
    if found == kinds.ENCRYPTED:
        return ENCRYPTED
    if found < 0:
        return OTHER
    if found == kinds.ETHERNET_TYPE:  # the link's own header counts for nothing
        row.layers = -1
    return inward(octets, inner, stop, cut, found, rows)
