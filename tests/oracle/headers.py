"""IP and what it carries, in plain Python: a packet's addresses, ports and payload."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from tests.oracle.fragments import Fragment
from tests.oracle.pieces import CutError, Piece

EXTENSIONS = {0, 43, 44, 51, 60, 135, 139}
FRAGMENT, AUTHENTICATION = 44, 51
ICMP, TCP, UDP, ICMPV6, SCTP, UDP_LITE = 1, 6, 17, 58, 132, 136
ANSWERS = {(4, 0): 8, (4, 14): 13, (4, 16): 15, (4, 18): 17, (6, 129): 128, (6, 134): 133, (6, 136): 135}
"""ICMP types of answers, and the type of what they answer: both belong to one flow."""


@dataclass
class Packet:
    """What the headers of one packet say; `payload` is what was kept of `payload_octets`.

    It came in so many `frames`; `carries` is the name of the tunnel that its payload was opened as.
    """

    number: int = 0
    ts_ns: int = 0
    frames: int = 1
    frame_octets: int = 0
    vlan: int = -1
    src_mac: str = ""
    tunnel: tuple = ()
    carries: str = ""
    version: int = 0
    src: str = ""
    dst: str = ""
    ttl: int = 0
    ident: int = 0
    proto: int = 0
    ip_octets: int = 0
    src_port: int = 0
    dst_port: int = 0
    reply: bool = False
    flags: int = 0
    seq: int = 0
    ack: int = 0
    window: int = 0
    transport: bytes = b""
    payload: bytes = b""
    payload_octets: int = 0
    lean: bool = False


def begun(wrapping):
    """A packet of which only the way to it is known."""
    return Packet(
        number=wrapping.number, ts_ns=wrapping.ts_ns, frames=wrapping.frames, frame_octets=wrapping.frame_octets,
        vlan=wrapping.vlan, src_mac=wrapping.mac, tunnel=wrapping.tunnel,
    )  # fmt: skip


def read_ipv4(piece, packet):
    """(piece behind the header, octets that are claimed to be in it, Fragment or None)."""
    piece.after(20)
    header = (piece.u8(0) & 15) * 4
    total = piece.be16(2) or piece.wire
    if piece.u8(0) >> 4 != 4 or header < 20 or total < header:
        raise CutError
    packet.version = 4
    packet.ip_octets = min(total, piece.wire)
    packet.ttl, packet.proto, packet.ident = piece.u8(8), piece.u8(9), piece.be16(4)
    packet.src, packet.dst = (str(ipaddress.IPv4Address(piece.octets[at : at + 4])) for at in (12, 16))
    where = piece.be16(6)
    fragment = Fragment(piece.be16(4), (where & 0x1FFF) * 8, bool(where & 0x2000)) if where & 0x3FFF else None
    return behind(piece, header), total - header, fragment


def read_ipv6(piece, packet):
    """(piece behind the header, octets that are claimed to be in it); extension headers are not passed over yet."""
    piece.after(40)
    if piece.u8(0) >> 4 != 6:
        raise CutError
    claimed = piece.be16(4) or piece.wire - 40
    packet.version = 6
    packet.ip_octets = min(40 + claimed, piece.wire)
    packet.ttl, packet.proto = piece.u8(7), piece.u8(6)
    packet.src, packet.dst = (str(ipaddress.IPv6Address(piece.octets[at : at + 16])) for at in (8, 24))
    return behind(piece, 40), claimed


def behind(piece, header):
    """The piece behind a header, which may end past what was captured."""
    return Piece(piece.octets[header:], piece.wire - header)


def pass_over(piece, claimed, packet):
    """(piece behind the extension headers, Fragment or None), no more than is claimed."""
    piece, claimed, fragment, _ = walk(piece, claimed, packet)
    return within(piece, claimed), fragment


def walk(piece, claimed, packet):
    """(piece behind the extension headers, octets claimed in it, Fragment or None, whether they end past it).

    IPv4 has AH only.
    """
    known = EXTENSIONS if packet.version == 6 else {AUTHENTICATION}
    fragment, is_past = None, False
    for _ in range(16):
        if packet.proto not in known:
            break
        if len(piece.octets) < 8:
            raise CutError
        kind, packet.proto, length = packet.proto, piece.u8(0), piece.u8(1)
        where, ident = piece.be16(2), piece.be32(4)
        octets = 8 if kind == FRAGMENT else (length + 2) * 4 if kind == AUTHENTICATION else (length + 1) * 8
        is_past = octets > len(piece.octets)
        piece, claimed = behind(piece, octets), claimed - octets
        if kind == FRAGMENT and where & 0xFFF9:
            fragment = Fragment(ident, where & 0xFFF8, bool(where & 1))
        if kind == FRAGMENT:
            packet.ident = ident
        if fragment or is_past or claimed < 0:
            break
    return piece, claimed, fragment, is_past or claimed < 0


def within(piece, claimed):
    """A piece without what nobody claims to be in it."""
    return Piece(piece.octets, max(piece.wire, 0)).first(max(claimed, 0))


def read_transport(piece, packet):
    """Ports and the rest of the transport header."""
    packet.transport = piece.octets
    if packet.proto == TCP:
        read_tcp(piece, packet)
    elif packet.proto in {UDP, SCTP, UDP_LITE}:
        read_udp(piece, packet)
    elif packet.proto in {ICMP, ICMPV6}:
        read_icmp(piece, packet)
    else:
        packet.payload, packet.payload_octets = piece


def read_icmp(piece, packet):
    have = piece.octets
    if len(have) < 2:
        packet.lean = True
        return
    packet.src_port = ANSWERS.get((packet.version, have[0]), have[0])
    packet.reply = (packet.version, have[0]) in ANSWERS
    packet.dst_port = have[1]
    packet.payload, packet.payload_octets = piece


def read_ports(piece, packet):
    if len(piece.octets) >= 4:
        packet.src_port, packet.dst_port = piece.be16(0), piece.be16(2)


def read_tcp(piece, packet):
    have = piece.octets
    read_ports(piece, packet)
    if len(have) < 14:
        packet.lean = True
        return
    packet.seq, packet.ack = struct.unpack(">II", have[4:12])
    header = (have[12] >> 4) * 4
    packet.flags = have[13]
    packet.window = piece.be16(14) if len(have) >= 16 else 1
    if header < 20 or header > piece.wire:
        packet.lean = True
        return
    packet.payload, packet.payload_octets = have[header:], piece.wire - header


def read_udp(piece, packet):
    header = 12 if packet.proto == SCTP else 8
    read_ports(piece, packet)
    if len(piece.octets) < header:
        packet.lean = True
        return
    if packet.proto == UDP and 8 <= piece.be16(4) < piece.wire:
        piece = piece.first(piece.be16(4))
    packet.payload, packet.payload_octets = piece.after(header)


def named_by(piece, proto, packet):
    """What follows the extension headers of a datagram's first fragment, None where they end past it (RFC 7112)."""
    if piece is None:
        return None
    packet.proto = proto
    try:
        piece, _, fragment, is_past = walk(piece, piece.wire, packet)
    except CutError:
        return None
    return None if fragment or is_past else piece


def read_names(piece, packet):
    """Of the first fragment of a datagram that never became whole: what names its flow, and nothing else."""
    found = Packet(version=packet.version, proto=packet.proto)
    read_transport(piece, found)
    packet.src_port, packet.dst_port, packet.reply = found.src_port, found.dst_port, found.reply
    packet.lean = True


def quoted(octets):
    """The packet that an ICMP error quotes, None where too little of it is there; nothing in it is unwrapped."""
    packet = Packet()
    if len(octets) < 20:
        return None
    try:
        inside, fragment = read_ip(Piece(octets, 65535), packet)
        while fragment and not fragment.offset and packet.version == 6:
            inside, fragment = pass_over(inside, inside.wire, packet)
    except CutError:
        return None
    if fragment is None or not fragment.offset:
        read_transport(inside, packet)
    return packet


def read_ip(piece, packet):
    """(what an IP packet of either version carries, Fragment or None)."""
    if piece.u8(0) >> 4 != 4:
        return pass_over(*read_ipv6(piece, packet), packet)
    inside, claimed, fragment = read_ipv4(piece, packet)
    if fragment:
        return within(inside, claimed), fragment
    return pass_over(inside, claimed, packet)
