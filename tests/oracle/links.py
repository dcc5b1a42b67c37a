"""The header of a link, in plain Python: what a frame of each link type begins with.

Source: the registry of link types of tcpdump.org and what it refers to (RFC 1051, 1055, 1201, 1483, 1547, 1661, 1973,
2225, 2427, 2625; FRF.16; IEEE 802.3, 802.5, 802.11; radiotap.org). What is read is (kind, piece behind the header).
"""

from __future__ import annotations

from tests.oracle.ethertypes import ETHERNET, IPV4, IPV6, PPP, by_nibble, ethernet, ethertype, llc, ppp, pppoe, tag
from tests.oracle.ethertypes import TAGS as TAG_TYPES
from tests.oracle.pieces import NotIpError, UnknownLinkError
from tests.oracle.wireless import avs, ppi, prism, radiotap, wifi

INET, INET6 = 2, {10, 24, 26, 28, 30}
"""Address families: AF_INET6 differs from system to system."""

SILENT = {
    186, 189, 220, 249, 266,  # USB
    187, 201, 251, 254, 255, 256,  # Bluetooth
    190, 227,  # CAN
    195, 215, 230, 283,  # IEEE 802.15.4
    231, 253,  # D-Bus, netlink
}  # fmt: skip
"""Links that hold no IP that is read here."""


def read(piece, link_type, wrapping):
    """(kind, piece) behind the header of a link."""
    if link_type in SILENT:
        raise NotIpError
    if link_type not in READERS:
        raise UnknownLinkError
    return READERS[link_type](piece, wrapping)


def of_family(family, piece):
    """What an address family says."""
    if family == INET:
        return IPV4, piece
    if family in INET6:
        return IPV6, piece
    raise NotIpError


# Linux and BSD


def sll(piece, wrapping):
    piece.after(16)
    if piece.be16(4) == 6:
        wrapping.sender(piece.octets[6:12])
    return ethertype(piece.after(14), wrapping)


def sll2(piece, wrapping):
    behind = piece.after(20)
    if piece.u8(11) == 6:
        wrapping.sender(piece.octets[12:18])
    kind = piece.be16(0)
    if kind in TAG_TYPES:
        return tag(behind, wrapping)
    return (kind, behind) if kind >= 1536 else llc(behind)


def null(piece, _):
    return of_family(piece.host32(0), piece.after(4))


def raw(piece, _):
    return by_nibble(piece)


def enc(piece, _):
    return of_family(piece.host32(0), piece.after(12))


def pflog(piece, _):
    return of_family(piece.u8(1), piece.after((piece.u8(0) + 3) // 4 * 4))


def ipnet(piece, _):
    behind = piece.after(24)
    if piece.u8(1) not in {2, 26}:
        raise NotIpError
    return of_family(piece.u8(1), behind)


def nflog(piece, _):
    """Attributes (length, type, value), of which one is the packet."""
    family, piece = piece.u8(0), piece.after(4)
    if family != INET and family not in INET6:
        raise NotIpError
    while len(piece.octets) >= 4:
        length, kind = piece.le16(0), piece.le16(2)
        if length < 4:
            raise NotIpError
        if kind == 9:
            return of_family(family, piece.after(4).first(length - 4))
        piece = piece.after((length + 3) // 4 * 4)
    raise NotIpError


def pktap(piece, wrapping):
    length, link_type = piece.le32(0), piece.le32(8)
    inner = {0: null, 1: ethernet, 12: raw, 101: raw, 105: wifi}.get(link_type)
    if length < 12 or inner is None:
        raise UnknownLinkError
    return inner(piece.after(length), wrapping)


def slip(piece, _):
    return by_nibble(piece.after(16))


def slip_bsdos(piece, _):
    return by_nibble(piece.after(24))


# serial lines


def ppp_link(piece, wrapping):
    """PPP, or Cisco's HDLC, whose first octet is an address."""
    if piece.u8(0) in {0x0F, 0x8F}:
        return cisco_hdlc(piece, wrapping)
    return ppp(piece, wrapping)


def ppp_with_direction(piece, wrapping):
    return ppp_link(piece.after(1), wrapping)


def pppd(piece, wrapping):
    """The direction stands where the address octet of HDLC did; the control octet follows it."""
    piece = piece.after(1)
    return ppp(piece.after(1) if piece.u8(0) == 3 else piece, wrapping)


def pppoe_link(piece, wrapping):
    kind, behind = pppoe(piece, wrapping)
    assert kind == PPP
    return ppp(behind, wrapping)


def cisco_hdlc(piece, _):
    return piece.be16(2), piece.after(4)


def cisco_hdlc_with_direction(piece, wrapping):
    return cisco_hdlc(piece.after(1), wrapping)


def multilink_frame_relay(piece, wrapping):
    """FRF.16: only frames that are the first and the last fragment at once, and no link control."""
    if piece.u8(0) & 0xE0 != 0xC0:
        raise NotIpError
    return frame_relay(piece.after(2), wrapping)


def frame_relay_with_direction(piece, wrapping):
    return frame_relay(piece.after(1), wrapping)


def frame_relay(piece, wrapping):
    """Q.922's address of two to four octets, then RFC 2427 or Cisco's encapsulation."""
    octets = 1
    while not piece.u8(octets - 1) & 1:
        octets += 1
        if octets > 4:
            raise NotIpError
    if octets == 1:
        raise NotIpError
    piece = piece.after(octets)
    if piece.u8(0) != 3:
        return piece.be16(0), piece.after(2)
    piece = piece.after(1)
    if piece.u8(0) == 0:
        piece = piece.after(1)
    identifier, piece = piece.u8(0), piece.after(1)
    if identifier in {0xCC, 0x8E}:
        return (IPV4 if identifier == 0xCC else IPV6), piece
    if identifier == 0xCF:
        return ppp(piece, wrapping)
    if identifier != 0x80:
        raise NotIpError
    return snap(piece, 0)


def snap(piece, pad):
    """An organization and what it calls a protocol: an ethertype, or bridged Ethernet behind `pad` octets."""
    behind = piece.after(5)
    if piece.octets[:3] == b"\0\0\0":
        return piece.be16(3), behind
    if piece.octets[:3] == b"\0\x80\xc2" and piece.be16(3) in {1, 7}:
        return ETHERNET, behind.after(pad)
    raise NotIpError


# ATM


def atm(piece, _):
    """RFC 1483: LLC/SNAP, bridged Ethernet too."""
    if piece.octets[:3] == b"\xaa\xaa\x03" and len(piece.octets) >= 8:
        return snap(piece.after(3), 2)
    return llc(piece)


def atm_clip(piece, wrapping):
    return atm(piece, wrapping) if piece.octets[:3] == b"\xaa\xaa\x03" else by_nibble(piece)


def sun_atm(piece, wrapping):
    behind = piece.after(4)
    if piece.u8(0) & 15 != 2:
        raise NotIpError
    return atm(behind, wrapping)


# other local networks


def token_ring(piece, wrapping):
    behind = piece.after(14)
    if piece.u8(1) & 0xC0 != 0x40:
        raise NotIpError
    if not piece.u8(8) & 0x80:
        wrapping.sender(piece.octets[8:14])
    else:
        route = behind.u8(0) & 31
        if route < 2:
            raise NotIpError
        behind = behind.after(route)
    return llc(behind)


def fddi(piece, wrapping):
    behind = piece.after(13)
    if piece.u8(0) & 0x70 != 0x50:
        raise NotIpError
    wrapping.sender(piece.octets[7:13])
    return llc(behind)


def experimental_ethernet(piece, _):
    """Ethernet of 3 Mbit/s: addresses of one octet each."""
    return piece.be16(2), piece.after(4)


def net_analyzer(piece, wrapping):
    """A header of four octets; the frame's FCS stands at its end."""
    behind = piece.after(4)
    if behind.whole and len(behind.octets) > 4:
        behind = behind.first(behind.wire - 4)
    return ethernet(behind, wrapping)


def fibre_channel(piece, _):
    return llc(piece.after(16))


def arcnet(piece, _):
    return arcnet_packet(piece.u8(2), piece.after(3), exceptional=True)


def arcnet_linux(piece, _):
    return arcnet_packet(piece.u8(4), piece.after(5), exceptional=False)


def arcnet_packet(kind, piece, *, exceptional):
    """RFC 1051 has nothing before the packet; RFC 1201 a flag that tells fragments, and a sequence number."""
    if kind == 240:
        return IPV4, piece
    if kind not in {212, 196}:
        raise NotIpError
    if exceptional and piece.u8(0) == 0xFF:
        piece = piece.after(4)
    behind = piece.after(3)
    if piece.u8(0):
        raise NotIpError
    return (IPV4 if kind == 212 else IPV6), behind


def tagged_by_switch(octets):
    """Ethernet with so many octets of a switch's tag between addresses and type."""

    def reader(piece, wrapping):
        piece.after(12 + octets + 2)
        wrapping.sender(piece.octets[6:12])
        return ethertype(piece.after(12 + octets), wrapping)

    return reader


def behind_switch_tag(piece, wrapping):
    return ethernet(piece.after(4), wrapping)


def juniper_ethernet(piece, wrapping):
    behind = piece.after(4)
    if piece.octets[:3] != b"MGC":
        raise NotIpError
    flags = piece.u8(3)
    if flags & 0x80:
        behind = behind.after(2 + behind.be16(0))
    return by_nibble(behind.after(4)) if flags & 2 else ethernet(behind, wrapping)


READERS = {
    0: null, 1: ethernet, 2: experimental_ethernet, 6: token_ring, 7: arcnet, 8: slip, 9: ppp_link, 10: fddi, 11: atm,
    13: atm, 15: slip_bsdos, 18: atm_clip, 19: atm_clip, 50: ppp_link, 51: pppoe_link, 100: atm, 102: slip_bsdos,
    104: cisco_hdlc, 105: wifi, 106: atm_clip, 107: frame_relay, 108: null, 109: enc, 113: sll, 117: pflog, 119: prism,
    122: fibre_channel, 123: sun_atm, 127: radiotap, 129: arcnet_linux, 149: pktap, 163: avs, 166: pppd,
    178: juniper_ethernet, 182: multilink_frame_relay, 192: ppi, 204: ppp_with_direction,
    205: cisco_hdlc_with_direction, 206: frame_relay_with_direction, 226: ipnet, 239: nflog, 240: net_analyzer,
    258: pktap, 276: sll2, 281: tagged_by_switch(4), 282: behind_switch_tag, 284: tagged_by_switch(4),
    285: tagged_by_switch(8), **dict.fromkeys((12, 14, 101, 228, 229), raw),
}  # fmt: skip
