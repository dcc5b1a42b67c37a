"""A frame's headers, from the link to the transport, become one row of DECODED.

Source: IEEE 802.3 and 802.1Q; LINKTYPE_LINUX_SLL, SLL2, NULL, LOOP and RAW of the tcpdump.org registry; RFC 791;
RFC 8200 section 4; RFC 9293 section 3.1; RFC 768; RFC 792; RFC 4443.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.octets import be16, be32, be64, le32, u8

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
        ("payload_at", "i8"),
        ("payload_kept", "i8"),
        ("payload", "i8"),
        ("ip_octets", "i8"),
        ("frame_octets", "i8"),
        ("seq", "i8"),
        ("ack", "i8"),
        ("ip_id", "i8"),
        ("fragment", "i8"),  # 0 whole, 1 first of several, 2 later
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
    ],
    align=True,
)

IP, OTHER, SHORT, UNKNOWN = 1, 2, 3, 4  # what decode found: IP, something else, headers cut off, unknown link

NULL, ETHERNET, RAW, LOOP, SLL, SLL2, IPV4, IPV6 = 0, 1, 101, 108, 113, 276, 228, 229
RAW_OLD, RAW_BSD = 12, 14
ICMP, TCP, UDP, SCTP, ICMPV6 = 1, 6, 17, 132, 58
V4_MAPPED = 0xFFFF << 32  # RFC 4291 section 2.5.5.2: IPv4 addresses stand in the low 32 bit


@inlined
def ethertype(octets, at, end, row):
    """Follow VLAN tags and LLC/SNAP from the type field at `at`: (ethertype or -1, offset of what it announces)."""
    for _ in range(8):
        if end - at < 2:
            return -1, at
        kind = be16(octets, at)
        at += 2
        if kind == 0x8100 or kind == 0x88A8 or kind == 0x9100:
            if end - at < 4:
                return -1, at
            if row.vlan < 0:
                row.vlan = be16(octets, at) & 0xFFF
            at += 2
            continue
        if kind < 1536:
            snap = end - at >= 8 and be32(octets, at) == 0xAAAA0300 and be16(octets, at + 4) == 0
            return (be16(octets, at + 6), at + 8) if snap else (0, at)
        return kind, at
    return 0, at


@kernel
def mac48(octets, at):
    """Six octets of a hardware address as an integer."""
    return be16(octets, at) << 32 | be32(octets, at + 2)


@inlined
def link(octets, at, end, kind, row):
    """What lies on the link: (ethertype or 0 for a kind of its own, offset of its first octet, known)."""
    if kind == ETHERNET:
        if end - at < 14:
            return -1, at, True
        row.mac_at = at + 6
        found, at = ethertype(octets, at + 12, end, row)
        return found, at, True
    if kind == SLL:
        if end - at < 16:
            return -1, at, True
        if be16(octets, at + 4) == 6:
            row.mac_at = at + 6
        found, at = ethertype(octets, at + 14, end, row)
        return found, at, True
    if kind == SLL2:
        if end - at < 20:
            return -1, at, True
        if u8(octets, at + 11) == 6:
            row.mac_at = at + 12
        found = be16(octets, at)
        if found == 0x8100 or found == 0x88A8:
            if end - at < 24:
                return -1, at, True
            row.vlan = be16(octets, at + 20) & 0xFFF
            return be16(octets, at + 22), at + 24, True
        return found, at + 20, True
    if kind == NULL or kind == LOOP:
        if end - at < 4:
            return -1, at, True
        family = le32(octets, at)
        if family > 0xFFFF:
            family = be32(octets, at)
        if family == 2:
            return 0x0800, at + 4, True
        # AF_INET6 of NetBSD/OpenBSD, FreeBSD, macOS, Linux, Solaris
        six = family == 24 or family == 28 or family == 30 or family == 10 or family == 26
        return (0x86DD if six else 0), at + 4, True
    if kind == RAW or kind == RAW_OLD or kind == RAW_BSD or kind == IPV4 or kind == IPV6:
        if end - at < 1:
            return -1, at, True
        version = u8(octets, at) >> 4
        return (0x0800 if version == 4 else 0x86DD if version == 6 else 0), at, True
    return 0, at, False


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
    where = be16(octets, at + 6)
    row.fragment = 2 if where & 0x1FFF else 1 if where & 0x2000 else 0
    row.ttl = u8(octets, at + 8)
    row.proto = u8(octets, at + 9)
    row.src_hi = 0
    row.src_lo = V4_MAPPED | be32(octets, at + 12)
    row.dst_hi = 0
    row.dst_lo = V4_MAPPED | be32(octets, at + 16)
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
    following = u8(octets, at + 6)
    at += 40
    for _ in range(16):
        if following == 44:
            if end - at < 8:
                return -1, 0
            where = be16(octets, at + 2)
            row.fragment = 2 if where & 0xFFF8 else 1 if where & 1 else 0
            row.ip_id = be32(octets, at + 4)
            size = 8
        elif following == 51:
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
        if row.fragment == 2 or left < 0 or at > end:
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
    proto = row.proto
    if row.fragment == 2:
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
    elif proto == UDP or proto == SCTP:
        if have >= 4:
            row.src_port = be16(octets, at)
            row.dst_port = be16(octets, at + 2)
        header = 8 if proto == UDP else 12
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


@inlined
def decode(octets, at, caplen, origlen, kind, fcs, row):
    """Decode a frame of `caplen` octets at `at`, `origlen` on the wire, of link type `kind`: IP, OTHER, SHORT, UNKNOWN.

    row  a record of DECODED: all but ts_ns, number and hash are written where the answer is IP
    """
    row.vlan = -1
    row.mac_at = -1
    if caplen == origlen and fcs < caplen:
        caplen -= fcs
        origlen -= fcs
    end = at + caplen
    row.frame_octets = max(origlen, caplen)
    found, inner, known = link(octets, at, end, kind, row)
    if not known:
        return UNKNOWN
    if found < 0:
        return SHORT
    wire = max(origlen, caplen) - (inner - at)
    if found == 0x0800:
        body, left = ipv4(octets, inner, end, wire, row)
    elif found == 0x86DD:
        body, left = ipv6(octets, inner, end, wire, row)
    else:
        return OTHER
    if body < 0:
        return SHORT
    # a length field larger than the frame is damage: nobody sent those octets
    left = max(min(left, wire - (body - inner)), 0)
    row.ip_octets = min(row.ip_octets, wire)
    transport(octets, body, end, left, row)
    return IP
