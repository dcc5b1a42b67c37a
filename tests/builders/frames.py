"""Frames octet by octet: links, IP with all that may stand before the transport, TCP, UDP, ICMP."""

from __future__ import annotations

import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ICMP, TCP, UDP, SCTP, ICMPV6 = 1, 6, 17, 132, 58
NULL, ETHERNET, RAW, LOOP, SLL, SLL2 = 0, 1, 101, 108, 113, 276
LINKS = (NULL, ETHERNET, 12, 14, RAW, LOOP, SLL, 228, 229, SLL2)
MACS = (b"\x00\x16\x3e\x00\x00\x01", b"\x00\x16\x3e\x00\x00\x02")


def packed(address):
    """An address as octets."""
    return ipaddress.ip_address(address).packed


def tcp(sport, dport, *, seq=0, ack=0, flags=ACK, window=8192, payload=b"", options=b""):
    """A TCP segment without checksum."""
    offset = 5 + len(options) // 4
    head = struct.pack(">HHIIBBHHH", sport, dport, seq % (1 << 32), ack % (1 << 32), offset << 4, flags, window, 0, 0)
    return head + options + payload


def udp(sport, dport, payload=b"", length=None):
    """A UDP datagram without checksum."""
    return struct.pack(">HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def icmp(kind, code=0, rest=b"\0\0\0\0", payload=b""):
    """An ICMP or ICMPv6 message without checksum."""
    return struct.pack(">BBH", kind, code, 0) + rest + payload


def ipv4(src, dst, proto, body, *, ttl=64, ident=0, offset=0, more=False, options=b"", total=None):
    """An IPv4 packet; `offset` is in octets."""
    header = 20 + len(options)
    fragment = offset // 8 | (0x2000 if more else 0)
    length = header + len(body) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x40 | header // 4, 0, length, ident, fragment, ttl, proto, 0)
    return head + packed(src) + packed(dst) + options + body


def ipv6(src, dst, proto, body, *, ttl=64, extensions=(), fragment=None):
    """An IPv6 packet; extensions are (type, octets after the first two), fragment is (id, offset, more)."""
    headers = [(kind, extra) for kind, extra in extensions]
    if fragment is not None:
        ident, offset, more = fragment
        headers.append((44, struct.pack(">HI", offset & 0xFFF8 | more, ident)))
    kinds = ([kind for kind, _ in headers] + [proto])[1:]
    chain = b"".join(
        bytes([following, 0 if kind == 44 else length_of(kind, extra)]) + extra
        for (kind, extra), following in zip(headers, kinds, strict=True)
    )
    first = headers[0][0] if headers else proto
    return struct.pack(">IHBB", 6 << 28, len(chain) + len(body), first, ttl) + packed(src) + packed(dst) + chain + body


def length_of(kind, extra):
    """The length field of an extension header: AH counts otherwise than all others (RFC 4302 section 2.2)."""
    return (2 + len(extra)) // 4 - 2 if kind == 51 else (2 + len(extra)) // 8 - 1


def ip(src, dst, proto, body, **more):
    """IPv4 or IPv6, as the addresses are."""
    return (ipv6 if ":" in src else ipv4)(src, dst, proto, body, **more)


def linked(packet, link=ETHERNET, *, source=0, vlans=(), big=False):
    """An IP packet on a link; `vlans` are (TPID, id), outermost first; `big` is the byte order of NULL."""
    kind = 0x0800 if packet[:1] and packet[0] >> 4 == 4 else 0x86DD
    tagged = b"".join(struct.pack(">HH", *tag) for tag in vlans) + struct.pack(">H", kind)
    if link == ETHERNET:
        return MACS[1 - source] + MACS[source] + tagged + packet
    if link == SLL:
        return struct.pack(">HHH", 0, 1, 6) + MACS[source] + b"\0\0" + tagged + packet
    if link == SLL2:
        return tagged[:2] + struct.pack(">HIHBB", 0, 1, 1, 0, 6) + MACS[source] + b"\0\0" + tagged[2:] + packet
    if link in {NULL, LOOP}:
        family = 2 if kind == 0x0800 else 30
        return struct.pack(">I" if big or link == LOOP else "<I", family) + packet
    return packet
