"""The headers of IP and of the transports become one row of DECODED.

Source: RFC 791; RFC 8200 section 4; RFC 9293 section 3.1; RFC 768; RFC 792; RFC 4443.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.octets import be16, be32, be64, u8

DECODED = np.dtype(
    [
        ("ts_ns", "i8"),
        ("number", "i8"),
        ("src_hi", "i8"),
        ("src_lo", "i8"),
        ("dst_hi", "i8"),
        ("dst_lo", "i8"),
        ("hash", "i8"),
        ("mac_at", "i8"),  # where the source's hardware address stands, -1 for none
        ("transport_at", "i8"),  # the transport's header, and how many octets from there on were kept
        ("transport_kept", "i8"),
        ("payload_at", "i8"),
        ("payload_kept", "i8"),
        ("payload", "i8"),
        ("ip_octets", "i8"),
        ("frame_octets", "i8"),
        ("seq", "i8"),
        ("ack", "i8"),
        ("ip_id", "i8"),
        ("fragment", "i8"),  # as IPv4 writes it: offset in units of 8 octets, and MORE; 0 for a whole packet
        ("frames", "i8"),  # that the packet came in
        ("tunnel", "i8"),  # what it was wrapped in: tunnels.NAMES, an octet each, the outermost lowest
        ("inner_kind", "i8"),  # of a packet that this datagram carries, and where it stands
        ("inner_at", "i8"),
        ("inner_end", "i8"),
        ("inner_cut", "i8"),
        ("src_port", "i4"),
        ("dst_port", "i4"),
        ("vlan", "i4"),
        ("window", "i4"),
        ("proto", "u1"),
        ("version", "u1"),
        ("ttl", "u1"),
        ("flags", "u1"),
        ("reply", "u1"),  # an ICMP answer: its originator is the destination
        ("lean", "u1"),  # transport header cut off: ports at most
        ("carriers", "u1"),  # tunnels over UDP that it came through, and headers in all, as far as they count
        ("layers", "i1"),
        ("wrapped", "u1"),  # may have tags or tunnels, or come in several frames: frames.plain undoes it
        ("carries", "u1"),  # the tunnel in a datagram's payload: tunnels.NAMES
    ],
    align=True,
)

# what decoding found: a packet of IP, something else, headers cut off, an unknown link; a part of a packet, a packet
# that carries another one, a frame that its link encrypts
IP, OTHER, SHORT, UNKNOWN, FRAGMENT, TUNNEL, ENCRYPTED = range(1, 8)

ICMP, TCP, UDP, AH, ICMPV6, SCTP, UDP_LITE = 1, 6, 17, 51, 58, 132, 136
LARGEST = 65535  # octets of a datagram
MORE, OFFSET = 0x2000, 0x1FFF  # bits of `fragment`
V4_MAPPED = 0xFFFF << 32  # RFC 4291 section 2.5.5.2: IPv4 addresses stand in the low 32 bit


@kernel
def mac48(octets, at):
    """Six octets of a hardware address as an integer."""
    return be16(octets, at) << 32 | be32(octets, at + 2)


@inlined
def ipv4(octets, at, end, wire, row):
    """Read an IPv4 header: offset of what it carries and the octets it claims to carry, -1 where it is not whole."""
    if end - at < 20:
        return -1, 0
    header = (u8(octets, at) & 15) * 4
    if u8(octets, at) >> 4 != 4 or header < 20:
        return -1, 0
    total = be16(octets, at + 2)
    if total == 0:  # segmentation offload writes no length
        total = wire
    if total < header:
        return -1, 0
    row.version = 4
    row.ip_octets = total
    row.ip_id = be16(octets, at + 4)
    row.fragment = be16(octets, at + 6) & (MORE | OFFSET)
    row.ttl = u8(octets, at + 8)
    row.proto = u8(octets, at + 9)
    row.src_hi = 0
    row.src_lo = V4_MAPPED | be32(octets, at + 12)
    row.dst_hi = 0
    row.dst_lo = V4_MAPPED | be32(octets, at + 16)
    if row.proto == AH and row.fragment == 0:
        return extensions(octets, at + header, end, AH, total - header, row)
    return at + header, total - header


@kernel
def ipv6(octets, at, end, wire, row):
    """Read an IPv6 header and its extension headers: as ipv4."""
    if end - at < 40 or u8(octets, at) >> 4 != 6:
        return -1, 0
    left = be16(octets, at + 4)
    if left == 0:  # a jumbogram, or segmentation offload
        left = wire - 40
    row.version = 6
    row.ip_octets = 40 + left
    row.ip_id = 0
    row.fragment = 0
    row.ttl = u8(octets, at + 7)
    row.src_hi = be64(octets, at + 8)
    row.src_lo = be64(octets, at + 16)
    row.dst_hi = be64(octets, at + 24)
    row.dst_lo = be64(octets, at + 32)
    return extensions(octets, at + 40, end, u8(octets, at + 6), left, row)


@kernel
def fits(fragment, octets):
    """Whether a fragment of so many octets lies within the largest datagram."""
    return octets > 0 and (fragment & OFFSET) * 8 + octets <= LARGEST


@kernel
def extensions(octets, at, end, following, left, row):
    """Walk extension headers (of IPv4: RFC 4302's) from one of type `following` on, up to a part's fragment header."""
    for _ in range(16):
        if following == 44:
            if end - at < 8:
                return -1, 0
            where = be16(octets, at + 2)
            row.fragment = where >> 3 | (MORE if where & 1 else 0)
            row.ip_id = be32(octets, at + 4)
            size = 8
        elif following == AH:
            if end - at < 8:
                return -1, 0
            size = (u8(octets, at + 1) + 2) * 4
        elif following == 0 or following == 43 or following == 60 or following == 135 or following == 139:
            if end - at < 8:
                return -1, 0
            size = (u8(octets, at + 1) + 1) * 8
        else:
            break
        following = u8(octets, at)
        at += size
        left -= size
        if row.fragment or left < 0 or at > end:
            break
    row.proto = following
    return at, max(left, 0)


@kernel
def icmp_key(kind, version):
    """The type under which an ICMP request and its answer are one flow, and whether `kind` is the answer.

    Source: RFC 792 (echo, timestamp, information, mask), RFC 4443 section 4, RFC 4861 section 4.
    """
    if version == 4:
        if kind == 0:
            return 8, 1
        if kind == 14 or kind == 16 or kind == 18:
            return kind - 1, 1
    elif kind == 129 or kind == 134 or kind == 136:
        return kind - 1, 1
    return kind, 0


@inlined
def transport(octets, at, end, left, row):
    """Read ports, TCP fields and the payload's place; what the snaplen cut away stays 0 and makes the row lean."""
    row.src_port = 0
    row.dst_port = 0
    row.flags = 0
    row.seq = 0
    row.ack = 0
    row.window = 0
    row.reply = 0
    row.lean = 0
    row.payload_at = at
    row.payload_kept = 0
    row.payload = 0
    have = min(end - at, left)
    row.transport_at = at
    row.transport_kept = max(have, 0)
    proto = row.proto
    if row.fragment & OFFSET:
        row.payload = left
        return
    if proto == TCP:
        if have < 14:
            row.lean = 1
        if have >= 4:
            row.src_port = be16(octets, at)
            row.dst_port = be16(octets, at + 2)
        if have < 14:
            return
        header = (u8(octets, at + 12) >> 4) * 4
        row.seq = be32(octets, at + 4)
        row.ack = be32(octets, at + 8)
        row.flags = u8(octets, at + 13)
        row.window = be16(octets, at + 14) if have >= 16 else 1
        if header < 20 or header > left:
            row.lean = 1
            return
    elif proto == UDP or proto == SCTP or proto == UDP_LITE:
        if have >= 4:
            row.src_port = be16(octets, at)
            row.dst_port = be16(octets, at + 2)
        header = 12 if proto == SCTP else 8
        if have < header:
            row.lean = 1
            return
        if proto == UDP and 8 <= be16(octets, at + 4) < left:
            left = be16(octets, at + 4)
    elif proto == ICMP or proto == ICMPV6:
        if have < 2:
            row.lean = 1
            return
        kind, row.reply = icmp_key(u8(octets, at), row.version)
        row.src_port = kind
        row.dst_port = u8(octets, at + 1)
        header = 0
    else:
        header = 0
    row.payload = max(left - header, 0)
    row.payload_at = at + header
    row.payload_kept = max(min(end - at - header, row.payload), 0)
