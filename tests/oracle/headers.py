"""A frame becomes its headers, in plain Python: from the link to the transport."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

IP, OTHER, SHORT, UNKNOWN = "ip", "other", "short", "unknown"

TAGS = {0x8100, 0x88A8, 0x9100}
EXTENSIONS = {0, 43, 44, 51, 60, 135, 139}
ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132
AF_INET6 = {10, 24, 26, 28, 30}
ANSWERS = {(4, 0): 8, (4, 14): 13, (4, 16): 15, (4, 18): 17, (6, 129): 128, (6, 134): 133, (6, 136): 135}
"""ICMP types of answers, and the type of what they answer: both belong to one flow."""


@dataclass
class Packet:
    """What the headers of one frame say; `payload` is what was kept of `payload_octets`.

    `first_from_orig` tells of a later fragment whether the originator sent the first one.
    """

    number: int = 0
    ts_ns: int = 0
    frame_octets: int = 0
    vlan: int = -1
    src_mac: str = ""
    version: int = 0
    src: str = ""
    dst: str = ""
    ttl: int = 0
    proto: int = 0
    ip_octets: int = 0
    ip_id: int = 0
    fragment: str = ""
    src_port: int = 0
    dst_port: int = 0
    reply: bool = False
    flags: int = 0
    seq: int = 0
    ack: int = 0
    window: int = 0
    payload: bytes = b""
    payload_octets: int = 0
    lean: bool = False
    first_from_orig: bool | None = None


class CutError(Exception):
    """The headers are not all there."""


def be16(octets, at):
    if at + 2 > len(octets):
        raise CutError
    return struct.unpack(">H", octets[at : at + 2])[0]


def decode(frame):
    """(IP and a Packet), or (why not, None): OTHER for no IP, SHORT for cut headers, UNKNOWN links."""
    octets, wire = frame.octets, max(frame.origlen, frame.caplen)
    if frame.caplen == frame.origlen and frame.fcs < frame.caplen:
        octets = octets[: frame.caplen - frame.fcs]
        wire -= frame.fcs
    packet = Packet(number=frame.number, frame_octets=wire)
    try:
        kind, at = read_link(octets, frame.link_type, packet)
        if kind is None:
            return UNKNOWN, None
        if kind == 0x0800:
            read_ipv4(octets[at:], wire - at, packet)
        elif kind == 0x86DD:
            read_ipv6(octets[at:], wire - at, packet)
        else:
            return OTHER, None
    except CutError:
        return SHORT, None
    return IP, packet


def mac(octets):
    return ":".join(f"{octet:02x}" for octet in octets) if any(octets) else ""


def read_link(octets, link_type, packet):
    """(ethertype, 0 for what has none, None for an unknown link; where the payload begins)."""
    if link_type not in LINKS:
        return None, 0
    least, read = LINKS[link_type]
    if len(octets) < least:
        raise CutError
    return read(octets, packet)


def read_ethernet(octets, packet):
    packet.src_mac = mac(octets[6:12])
    return read_ethertype(octets, 12, packet)


def read_sll(octets, packet):
    if be16(octets, 4) == 6:
        packet.src_mac = mac(octets[6:12])
    return read_ethertype(octets, 14, packet)


def read_sll2(octets, packet):
    if octets[11] == 6:
        packet.src_mac = mac(octets[12:18])
    kind = be16(octets, 0)
    if kind in {0x8100, 0x88A8}:
        packet.vlan = be16(octets, 20) & 0xFFF
        return be16(octets, 22), 24
    return kind, 20


def read_null(octets, _):
    family = struct.unpack("<I", octets[:4])[0]
    if family > 0xFFFF:
        family = struct.unpack(">I", octets[:4])[0]
    return (0x0800 if family == 2 else 0x86DD if family in AF_INET6 else 0), 4


def read_raw(octets, _):
    return {4: 0x0800, 6: 0x86DD}.get(octets[0] >> 4, 0), 0


LINKS = {0: (4, read_null), 1: (14, read_ethernet), 108: (4, read_null), 113: (16, read_sll), 276: (20, read_sll2)} | (
    dict.fromkeys((12, 14, 101, 228, 229), (1, read_raw))
)


def read_ethertype(octets, at, packet):
    """Behind VLAN tags, or in LLC/SNAP."""
    for _ in range(8):
        kind = be16(octets, at)
        at += 2
        if kind in TAGS:
            if len(octets) - at < 4:
                raise CutError
            if packet.vlan < 0:
                packet.vlan = be16(octets, at) & 0xFFF
            at += 2
        elif kind < 1536:
            if octets[at : at + 6] == b"\xaa\xaa\x03\x00\x00\x00" and len(octets) - at >= 8:
                return be16(octets, at + 6), at + 8
            return 0, at
        else:
            return kind, at
    return 0, at


def read_ipv4(octets, wire, packet):
    if len(octets) < 20 or octets[0] >> 4 != 4:
        raise CutError
    header = (octets[0] & 15) * 4
    total = be16(octets, 2) or wire
    if header < 20 or total < header:
        raise CutError
    fragment = be16(octets, 6)
    packet.version = 4
    packet.ip_octets = min(total, wire)
    packet.ip_id = be16(octets, 4)
    packet.fragment = "later" if fragment & 0x1FFF else "first" if fragment & 0x2000 else ""
    packet.ttl, packet.proto = octets[8], octets[9]
    packet.src, packet.dst = (str(ipaddress.IPv4Address(octets[at : at + 4])) for at in (12, 16))
    read_transport(octets[header:], max(min(total - header, wire - header), 0), packet)


def read_ipv6(octets, wire, packet):
    if len(octets) < 40 or octets[0] >> 4 != 6:
        raise CutError
    left = be16(octets, 4) or wire - 40
    packet.version = 6
    packet.ip_octets = min(40 + left, wire)
    packet.ttl = octets[7]
    packet.src, packet.dst = (str(ipaddress.IPv6Address(octets[at : at + 16])) for at in (8, 24))
    following, at = octets[6], 40
    for _ in range(16):
        if following not in EXTENSIONS:
            break
        if len(octets) - at < 8:
            raise CutError
        length = 8 if following == 44 else (octets[at + 1] + 2) * 4 if following == 51 else (octets[at + 1] + 1) * 8
        if following == 44:
            where = be16(octets, at + 2)
            packet.fragment = "later" if where & 0xFFF8 else "first" if where & 1 else ""
            packet.ip_id = struct.unpack(">I", octets[at + 4 : at + 8])[0]
        following = octets[at]
        at += length
        left -= length
        if packet.fragment == "later" or left < 0 or at > len(octets):
            break
    packet.proto = following
    read_transport(octets[at:], max(min(left, wire - at), 0), packet)


def read_transport(octets, left, packet):
    """Ports and the rest of the transport header; `left` octets are claimed to follow the IP headers."""
    have = octets[:left]
    packet.payload_octets = left
    if packet.fragment == "later":
        return
    if packet.proto == TCP:
        read_tcp(have, left, packet)
    elif packet.proto in {UDP, SCTP}:
        read_udp(have, left, packet)
    elif packet.proto in {ICMP, ICMPV6}:
        if len(have) < 2:
            packet.lean, packet.payload_octets = True, 0
            return
        packet.src_port = ANSWERS.get((packet.version, have[0]), have[0])
        packet.reply = (packet.version, have[0]) in ANSWERS
        packet.dst_port = have[1]
        packet.payload = have
    else:
        packet.payload = have


def read_tcp(have, left, packet):
    packet.payload_octets = 0
    if len(have) >= 4:
        packet.src_port, packet.dst_port = struct.unpack(">HH", have[:4])
    if len(have) < 14:
        packet.lean = True
        return
    packet.seq, packet.ack = struct.unpack(">II", have[4:12])
    header = (have[12] >> 4) * 4
    packet.flags = have[13]
    packet.window = be16(have, 14) if len(have) >= 16 else 1
    if header < 20 or header > left:
        packet.lean = True
        return
    packet.payload_octets = left - header
    packet.payload = have[header:]


def read_udp(have, left, packet):
    header = 8 if packet.proto == UDP else 12
    packet.payload_octets = 0
    if len(have) >= 4:
        packet.src_port, packet.dst_port = struct.unpack(">HH", have[:4])
    if len(have) < header:
        packet.lean = True
        return
    if packet.proto == UDP and 8 <= be16(have, 4) < left:
        left = be16(have, 4)
    packet.payload_octets = max(left - header, 0)
    packet.payload = have[header:left]
