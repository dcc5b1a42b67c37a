"""What lies inside an IP packet or a datagram that is a tunnel, in plain Python.

Source: RFC 2003, 2473, 4213 (IP in IP); RFC 2784, 2890, 2637 (GRE); draft-foschiano-erspan; RFC 3378 (EtherIP);
RFC 4023, 7510 (MPLS in IP, UDP); RFC 7348 and draft-ietf-nvo3-vxlan-gpe; RFC 8926 (GENEVE); 3GPP TS 29.281 (GTP-U);
RFC 4380 (Teredo); RFC 2661 (L2TP).
"""

from __future__ import annotations

from dataclasses import replace

from tests.oracle.ethertypes import ETHERNET, IPV4, IPV6, MPLS, PPP, by_nibble, mpls, ppp
from tests.oracle.pieces import NoPacketError, NotIpError

EOIP = (0x2001, 0x6400)
"""Flags and protocol of GRE by which MikroTik's Ethernet over IP is known: length, tunnel id, frame."""

FRAME_TYPES = {
    0x0806, 0x8100, 0x88A8, 0x8847, 0x8848, 0x8863, 0x8864, 0x88CC, 0x8809, 0x888E, 0x88F7, 0x88E5, 0x8902, 0x88E7,
    0x894F, 0x9100,
}  # fmt: skip
"""What frames in overlays hold besides IP."""

NESTED = 4
"""UDP tunnels within each other that are opened."""


def ip_in_ip(kind, piece, packet, wrapping):
    wrapping.tunnel += ("ip6tnl" if packet.version == 6 else "ipip" if kind == IPV4 else "6in4",)
    return kind, piece


def gre(piece, _, wrapping):
    """RFC 2784 and 2890, or PPTP's version 1 with PPP in it; ERSPAN has a name of its own."""
    wrapping.deepen()
    flags, protocol = piece.be16(0), piece.be16(2)
    if (flags, protocol) == EOIP:
        wrapping.tunnel += ("gre",)
        return ETHERNET, piece.after(8)
    enhanced = flags & 7 == 1
    if flags & 7 > 1 or flags & 0x4000 or (enhanced and (protocol != PPP or not flags & 0x2000)):
        raise NotIpError
    optional = [0x8000, 0x2000, 0x1000] + ([0x0080] if enhanced else [])
    piece = piece.after(4 + 4 * sum(bool(flags & bit) for bit in optional))
    if protocol in {0x88BE, 0x22EB}:
        wrapping.tunnel += ("erspan",)
        return erspan_iii(piece) if protocol == 0x22EB else erspan(piece) if flags & 0x1000 else (ETHERNET, piece)
    wrapping.tunnel += ("gre",)
    return protocol, piece


def erspan(piece):
    """Type II; type I, which has no header, has no sequence number in GRE either."""
    behind = piece.after(8)
    if piece.u8(0) >> 4 != 1:
        raise NotIpError
    return ETHERNET, behind


def erspan_iii(piece):
    """Type III, which may hold an IP packet instead of a frame."""
    behind = piece.after(12)
    last = piece.be16(10)
    if piece.u8(0) >> 4 != 2:
        raise NotIpError
    if last & 1:
        behind = behind.after(8)
    frame_type = last >> 10 & 31
    if frame_type == 2:
        return by_nibble(behind)
    if frame_type:
        raise NotIpError
    return ETHERNET, behind


def etherip(piece, _, wrapping):
    wrapping.deepen()
    behind = piece.after(2)
    if piece.u8(0) >> 4 != 3:
        raise NotIpError
    wrapping.tunnel += ("etherip",)
    return ETHERNET, behind


BY_PROTOCOL = {
    4: lambda *inside: ip_in_ip(IPV4, *inside),
    41: lambda *inside: ip_in_ip(IPV6, *inside),
    47: gre,
    97: etherip,
    137: lambda piece, *_: (MPLS, piece),
}
"""By IP protocol: (kind, piece) of what (piece, packet, wrapping) holds."""


def datagram(packet, piece, wrapping):
    """(name, kind, piece) of the tunnel that a datagram is of, None for a datagram like any other."""
    ports = (packet.src_port, packet.dst_port)
    for name, numbers, either, reader in BY_PORT:
        if ports[1] in numbers or (either and ports[0] in numbers):
            try:
                kind, inside = reader(piece)
            except NoPacketError:
                continue
            if is_plausible(kind, inside, wrapping):
                return name, kind, inside
    return None


def is_frame(piece, wrapping):
    """Whether these can be the octets of an Ethernet frame, by its type and what that announces."""
    if len(piece.octets) < 14:
        return False
    kind, behind = piece.be16(12), piece.after(14)
    if kind in {IPV4, IPV6}:
        return is_plausible(kind, behind, wrapping)
    if kind < 1536:
        return kind <= behind.wire and behind.octets[2:3] == b"\x03"
    return kind in FRAME_TYPES


def is_plausible(kind, piece, wrapping):
    """Whether what stands behind a tunnel's header can be what the header says."""
    have = len(piece.octets)
    if kind == IPV4:
        if have < 20 or piece.u8(0) >> 4 != 4:
            return False
        header, total = (piece.u8(0) & 15) * 4, piece.be16(2)
        return header >= 20 and (total == 0 or header <= total <= piece.wire)
    if kind == IPV6:
        return have >= 40 and piece.u8(0) >> 4 == 6 and 40 + piece.be16(4) <= piece.wire
    if kind == ETHERNET:
        return is_frame(piece, wrapping)
    if kind not in {MPLS, PPP}:
        return False
    try:
        inside = (mpls if kind == MPLS else ppp)(piece, replace(wrapping))
    except NoPacketError:
        return False
    return is_plausible(*inside, wrapping)


def vxlan(piece):
    behind = piece.after(8)
    if not piece.u8(0) & 0x08:
        raise NotIpError
    return ETHERNET, behind


def vxlan_gpe(piece):
    behind = piece.after(8)
    kind = {1: IPV4, 2: IPV6, 3: ETHERNET}.get(piece.u8(3))
    if piece.u8(0) & 0x3C != 0x0C or kind is None:
        raise NotIpError
    return kind, behind


def geneve(piece):
    behind = piece.after(8).after((piece.u8(0) & 0x3F) * 4)
    if piece.u8(0) >> 6:
        raise NotIpError
    return piece.be16(2), behind


def gtpu(piece):
    """A T-PDU of GTPv1, behind the extension headers that its flags tell of."""
    behind = piece.after(8)
    if piece.u8(0) & 0xF0 != 0x30 or piece.u8(1) != 255:
        raise NotIpError
    if piece.u8(0) & 7:
        behind, following = behind.after(4), piece.u8(11) if piece.u8(0) & 4 else 0
        while following:
            length = behind.u8(0) * 4
            if not length:
                raise NotIpError
            following, behind = behind.u8(length - 1), behind.after(length)
    return by_nibble(behind)


def teredo(piece):
    """IPv6, behind what the server may say of authentication and origin."""
    if piece.be16(0) == 1:
        piece = piece.after(13 + piece.u8(2) + piece.u8(3))
    if piece.be16(0) == 0:
        piece = piece.after(8)
    return IPV6, piece


def l2tp(piece):
    """A data message of version 2."""
    flags = piece.be16(0)
    if flags & 0x8000 or flags & 15 != 2:
        raise NotIpError
    piece = piece.after(6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0))
    return PPP, piece.after(2 + piece.be16(0)) if flags & 0x0200 else piece


BY_PORT = (
    ("vxlan", {4789, 8472}, False, vxlan),
    ("vxlan", {4790}, False, vxlan_gpe),
    ("geneve", {6081}, False, geneve),
    ("gtpu", {2152}, True, gtpu),
    ("teredo", {3544}, True, teredo),
    ("l2tp", {1701}, True, l2tp),
    ("mpls", {6635}, False, lambda piece: (MPLS, piece)),
)
"""Name, ports, whether the source's counts too, and what reads the header."""
