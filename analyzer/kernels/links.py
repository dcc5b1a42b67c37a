"""What lies on a link, by its type: where the packet begins and what it is.

All kernels here return (kind, at, end): an ethertype or one of the kinds of kinds.py, and the octets that are left of
the frame. A kind below 0 says why there is none. Source: the LINKTYPE registry of tcpdump.org for every number and
layout; RFC 1662, 1661 (PPP), 2427 (frame relay), 2684 (ATM).
"""

from __future__ import annotations

from analyzer.kernels.jit import kernel
from analyzer.kernels.kinds import (
    ETHERNET_TYPE,
    IPV4_TYPE,
    IPV6_TYPE,
    LLC,
    NO_IP,
    PPP_TYPE,
    PPPOE_TYPE,
    RAW_IP,
    SHORT,
    UNKNOWN_LINK,
    after,
    ethertype,
)
from analyzer.kernels.octets import be16, be32, le16, le32, u8
from analyzer.kernels.wireless import AVS, ETHERNET, IEEE_802_11, PPI, PRISM, RADIOTAP, monitored, wireless

NULL, EN3MB, TOKEN_RING, ARCNET, SLIP, PPP, FDDI = 0, 2, 6, 7, 8, 9, 10
PPP_HDLC, PPP_ETHER, ATM_LLC, RAW, SLIP_BSDOS, C_HDLC, ATM_CLIP, FRAME_RELAY = (
    50, 51, 100, 101, 102, 104, 106, 107,
)  # fmt: skip
LOOP, ENC, SLL, PFLOG, IP_OVER_FC, SUNATM, ARCNET_LINUX = 108, 109, 113, 117, 122, 123, 129
PPPD, JUNIPER_ETHER, MFR, PPP_WITH_DIR, C_HDLC_WITH_DIR, FRAME_RELAY_WITH_DIR = (
    166, 178, 182, 204, 205, 206,
)  # fmt: skip
IPNET, IPV4, IPV6, NFLOG, NETANALYZER, PKTAP, SLL2, DSA_BRCM, DSA_BRCM_FIRST, DSA, EDSA = (
    226, 228, 229, 239, 240, 258, 276, 281, 282, 284, 285,
)  # fmt: skip
# USB, Bluetooth, IEEE 802.15.4, CAN, D-Bus, netlink, pfsync: nothing that is read here
WITHOUT_IP = (186, 189, 220, 249, 266, 187, 201, 251, 254, 255, 256, 272, 195, 215, 230, 283, 190, 227, 231, 253, 246)
OLD_ATM_LLC, RAW_OLD, RAW_BSD, OLD_SLIP_BSDOS, OLD_ATM_CLIP, OLD_PKTAP = 11, 12, 14, 15, 19, 149


@kernel
def family(number):
    """The kind of packet that a BSD, macOS, Linux or Solaris address family announces."""
    if number == 2:
        return IPV4_TYPE
    if number == 24 or number == 28 or number == 30 or number == 10 or number == 26:
        return IPV6_TYPE
    return NO_IP


@kernel
def cooked(octets, at, end, kind, row):
    """Linux's cooked headers, and the loopback of BSD."""
    if kind == SLL:
        if end - at < 16:
            return SHORT, at, end
        if be16(octets, at + 4) == 6:
            row.mac_at = at + 6
        return ethertype(octets, at + 14), at + 16, end
    if kind == SLL2:
        if end - at < 20:
            return SHORT, at, end
        if u8(octets, at + 11) == 6:
            row.mac_at = at + 12
        return ethertype(octets, at), at + 20, end
    if end - at < 4:
        return SHORT, at, end
    number = le32(octets, at)
    return family(number if number <= 0xFFFF else be32(octets, at)), at + 4, end


@kernel
def frame_relay(octets, at, end, kind):
    """Frame relay, RFC 2427 or Cisco; MFR (FRF.16) in front of it where its frame is in one piece."""
    if kind == FRAME_RELAY_WITH_DIR:
        at += 1
    if kind == MFR:
        if end - at < 2:
            return SHORT, at, end
        if u8(octets, at) & 0xE0 != 0xC0:
            return NO_IP, at, end
        at += 2
    size = 1
    while True:  # the address ends with the octet whose last bit is set, the second to the fourth
        if end - at < size:
            return SHORT, at, end
        if u8(octets, at + size - 1) & 1:
            break
        size += 1
        if size > 4:
            return NO_IP, at, end
    if size == 1:
        return NO_IP, at, end
    at += size
    if end - at < 1:
        return SHORT, at, end
    if u8(octets, at) != 3:
        return (be16(octets, at), at + 2, end) if end - at >= 2 else (SHORT, at, end)
    at += 1
    if end > at and u8(octets, at) == 0:
        at += 1
    if end - at < 1:
        return SHORT, at, end
    protocol = u8(octets, at)
    if protocol == 0xCF:
        return PPP_TYPE, at + 1, end
    if protocol == 0xCC:
        return IPV4_TYPE, at + 1, end
    if protocol == 0x8E:
        return IPV6_TYPE, at + 1, end
    if protocol != 0x80:
        return NO_IP, at, end
    if end - at < 6:
        return SHORT, at, end
    oui = be16(octets, at + 1) << 8 | u8(octets, at + 3)
    number = be16(octets, at + 4)
    if oui == 0:
        return number, at + 6, end
    bridged = oui == 0x0080C2 and (number == 1 or number == 7)
    return (ETHERNET_TYPE if bridged else NO_IP), at + 6, end


@kernel
def rings(octets, at, end, kind, row):
    """Token ring, FDDI, ARCNET, IP over Fibre Channel."""
    if kind == TOKEN_RING:
        routed = end - at >= 14 and u8(octets, at + 8) & 0x80
        if end - at < (15 if routed else 14):
            return SHORT, at, end
        routing = u8(octets, at + 14) & 0x1F if routed else 0
        if u8(octets, at + 1) & 0xC0 != 0x40 or (routed and routing < 2):
            return NO_IP, at, end
        if routing == 0:  # its first bit says that routing follows
            row.mac_at = at + 8
        return after(at, 14 + routing, end, LLC)
    if kind == FDDI:
        if end - at < 13:
            return SHORT, at, end
        row.mac_at = at + 7
        return (LLC if u8(octets, at) & 0x70 == 0x50 else NO_IP), at + 13, end
    if kind == IP_OVER_FC:
        return after(at, 16, end, LLC)
    header = 6 if kind == ARCNET_LINUX else 4  # RFC 1201: source, destination, (offset,) type, split flag
    if end - at < header + 2:
        return SHORT, at, end
    number = u8(octets, at + (4 if kind == ARCNET_LINUX else 2))
    if number == 240 or number == 241:  # RFC 1051
        return (IPV4_TYPE if number == 240 else NO_IP), at + header - 1, end
    if number != 212 and number != 196:
        return NO_IP, at, end
    at += header - 1
    if u8(octets, at) == 0xFF and kind == ARCNET:  # an exception packet: four octets more, then the flag again
        at += 4
    if end - at < 3:
        return SHORT, at, end
    if u8(octets, at):  # a part of a packet
        return NO_IP, at, end
    return (IPV4_TYPE if number == 212 else IPV6_TYPE), at + 3, end


@kernel
def tagged(octets, at, end, kind, row):
    """Ethernet with the tag of a switch's processor port."""
    first = 4 if kind == DSA_BRCM_FIRST else 0
    tag = 0 if first else 8 if kind == EDSA else 4
    if end - at < first + 14 + tag:
        return SHORT, at, end
    row.mac_at = at + first + 6
    return ethertype(octets, at + first + 12 + tag), at + first + 14 + tag, end


@kernel
def juniper(octets, at, end):
    """Juniper's header before Ethernet: magic, flags, extensions where the flags say so."""
    if end - at < 4:
        return SHORT, at, end
    if be32(octets, at) >> 8 != 0x4D4743:
        return NO_IP, at, end
    flags = u8(octets, at + 3)
    size = 4
    if flags & 0x80:
        if end - at < 6:
            return SHORT, at, end
        size += 2 + be16(octets, at + 4)
    if flags & 2:  # no link header; the protocol's number stands in its place
        return after(at, size + 4, end, RAW_IP)
    return after(at, size, end, ETHERNET_TYPE)


@kernel
def nflog(octets, at, end):
    """Linux's netfilter log: values with a type and a length, one of which is the packet."""
    if end - at < 4:
        return SHORT, at, end
    number = u8(octets, at)
    at += 4
    while end - at >= 4:
        size = le16(octets, at)
        if size < 4:
            return NO_IP, at, end
        if le16(octets, at + 2) == 9:
            return family(number), at + 4, min(at + size, end)
        at += (size + 3) & ~3
        if at > end:
            return SHORT, at, end
    return NO_IP, at, end


@kernel
def points(octets, at, end, kind):
    """Links between two points: PPP, HDLC, SLIP, ATM."""
    if kind == PPPD or kind == PPP_WITH_DIR:
        if end - at < 1:
            return SHORT, at, end
        at += 1
    if kind == PPPD:  # the direction stands in the place of the address
        return PPP_TYPE, (at + 1 if end > at and u8(octets, at) == 3 else at), end
    if kind == PPP or kind == PPP_HDLC or kind == PPP_WITH_DIR:
        if end == at or (u8(octets, at) != 0x0F and u8(octets, at) != 0x8F):
            return PPP_TYPE, at, end
        return (be16(octets, at + 2), at + 4, end) if end - at >= 4 else (SHORT, at, end)  # Cisco's HDLC
    if kind == PPP_ETHER:
        return PPPOE_TYPE, at, end
    if kind == C_HDLC or kind == C_HDLC_WITH_DIR:
        at += 1 if kind == C_HDLC_WITH_DIR else 0
        return (be16(octets, at + 2), at + 4, end) if end - at >= 4 else (SHORT, at, end)
    if kind == SLIP:
        return after(at, 16, end, RAW_IP)
    if kind == SLIP_BSDOS or kind == OLD_SLIP_BSDOS:
        return after(at, 24, end, RAW_IP)
    if kind == SUNATM:
        if end - at < 4:
            return SHORT, at, end
        if u8(octets, at) & 15 != 2:
            return NO_IP, at, end
        at += 4
    if kind == ATM_CLIP or kind == OLD_ATM_CLIP:
        return (LLC if end - at >= 3 and be16(octets, at) == 0xAAAA else RAW_IP), at, end
    if end - at >= 10 and be32(octets, at) == 0xAAAA0300 and be16(octets, at + 4) == 0x80C2:
        bridged = be16(octets, at + 6) == 1 or be16(octets, at + 6) == 7
        return (ETHERNET_TYPE if bridged else NO_IP), at + 10, end
    return LLC, at, end


@kernel
def host(octets, at, end, kind):
    """What hosts write before packets of theirs: firewall logs, IPsec, zones."""
    if kind == ENC:
        number = le32(octets, at) if end - at >= 12 else 0
        return after(at, 12, end, family(number if number <= 0xFFFF else be32(octets, at)))
    if kind == PFLOG:
        if end - at < 4:
            return SHORT, at, end
        return after(at, (u8(octets, at) + 3) & ~3, end, family(u8(octets, at + 1)))
    if kind == IPNET:
        return after(at, 24, end, family(u8(octets, at + 1)) if end - at >= 2 else SHORT)
    return nflog(octets, at, end)


@kernel
def tap(octets, at, end, row):
    """PKTAP of macOS: the header names the link that follows."""
    if end - at < 12:
        return SHORT, at, end
    size, kind = le32(octets, at), le32(octets, at + 8)
    known = kind == ETHERNET or kind == RAW or kind == RAW_OLD or kind == NULL or kind == IEEE_802_11
    if size < 12 or not known:
        return UNKNOWN_LINK, at, end
    if end - at < size:
        return SHORT, at, end
    if kind == ETHERNET:
        return ETHERNET_TYPE, at + size, end
    if kind == RAW or kind == RAW_OLD:
        return RAW_IP, at + size, end
    if kind == IEEE_802_11:
        return wireless(octets, at + size, end, False, row)
    return cooked(octets, at + size, end, NULL, row)


@kernel
def link(octets, at, end, cut, kind, row):
    """What lies on a link of type `kind`; `row` gets the source's hardware address where the link has one.

    cut  octets of the frame that were on the wire and are not here
    """
    if kind == SLL or kind == SLL2 or kind == NULL or kind == LOOP:
        return cooked(octets, at, end, kind, row)
    if kind == RAW or kind == RAW_OLD or kind == RAW_BSD or kind == IPV4 or kind == IPV6:
        return RAW_IP, at, end
    if kind == ETHERNET:
        return ETHERNET_TYPE, at, end
    if kind == NETANALYZER:  # with the frame's FCS
        return after(at, 4, end - 4 if cut == 0 and end - at >= 8 else end, ETHERNET_TYPE)
    if kind == IEEE_802_11:
        return wireless(octets, at, end, False, row)
    if kind == RADIOTAP or kind == PRISM or kind == AVS or kind == PPI:
        return monitored(octets, at, end, cut, kind, row)
    if kind == FRAME_RELAY or kind == FRAME_RELAY_WITH_DIR or kind == MFR:
        return frame_relay(octets, at, end, kind)
    if kind == TOKEN_RING or kind == FDDI or kind == ARCNET or kind == ARCNET_LINUX or kind == IP_OVER_FC:
        return rings(octets, at, end, kind, row)
    if kind == DSA_BRCM or kind == DSA_BRCM_FIRST or kind == DSA or kind == EDSA:
        return tagged(octets, at, end, kind, row)
    if kind == ENC or kind == PFLOG or kind == IPNET or kind == NFLOG:
        return host(octets, at, end, kind)
    if kind == PKTAP or kind == OLD_PKTAP:
        return tap(octets, at, end, row)
    if kind == JUNIPER_ETHER:
        return juniper(octets, at, end)
    if kind == EN3MB:
        return (be16(octets, at + 2), at + 4, end) if end - at >= 4 else (SHORT, at, end)
    if kind == PPP or kind == PPP_HDLC or kind == PPP_ETHER or kind == C_HDLC or kind == C_HDLC_WITH_DIR:
        return points(octets, at, end, kind)
    if kind == PPPD or kind == PPP_WITH_DIR or kind == SLIP or kind == SLIP_BSDOS or kind == OLD_SLIP_BSDOS:
        return points(octets, at, end, kind)
    if kind == SUNATM or kind == ATM_LLC or kind == OLD_ATM_LLC or kind == ATM_CLIP or kind == OLD_ATM_CLIP:
        return points(octets, at, end, kind)
    return (NO_IP if kind in WITHOUT_IP else UNKNOWN_LINK), at, end
