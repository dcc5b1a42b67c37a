"""Packets within packets: the headers that stand between a link and an IP packet, or between two IP packets.

Each header is taken off by a kernel that returns (kind, at, name): what follows, where it begins, and what the header
is called; a kind below 0 says that it is no such header. Source: RFC 3032 (MPLS), 4385 (control word), 2516 (PPPoE),
1661 and 1662 (PPP), 2784 and 2890 (GRE), 2637 (PPTP), 3378 (EtherIP), 8300 (NSH); IEEE 802.1ah, 802.1AE;
draft-foschiano-erspan-03.
"""

from __future__ import annotations

from analyzer.kernels import kinds
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
    ethertype,
)
from analyzer.kernels.octets import be16, be32, u8

KEPT_NAMES = 4

NAMES = (
    "", "pppoe", "mpls", "gre", "erspan", "ipip", "6in4", "ip6tnl", "etherip", "pbb", "nsh", "macsec",
    "vxlan", "geneve", "gtpu", "teredo", "l2tp",
)  # fmt: skip
UNNAMED, PPPOE, MPLS, GRE, ERSPAN, IPIP, SIX_IN_FOUR, IP6TNL, ETHERIP, PBB, NSH, MACSEC = range(12)
VXLAN, GENEVE, GTPU, TEREDO, L2TP = range(12, 17)

MPLS_TYPE, MPLS_MULTICAST, PBB_TYPE, NSH_TYPE, MACSEC_TYPE = 0x8847, 0x8848, 0x88E7, 0x894F, 0x88E5
ERSPAN_TYPE, ERSPAN_3_TYPE, EOIP_TYPE = 0x88BE, 0x22EB, 0x6400  # the last is MikroTik's


@kernel
def mpls(octets, at, end):
    """A stack of labels, and by its first octets what they carry: nothing says so (RFC 4928 section 3)."""
    for _ in range(16):
        if end - at < 4:
            return kinds.SHORT, at, MPLS
        at += 4
        if u8(octets, at - 2) & 1:
            if at >= end:
                return kinds.SHORT, at, MPLS
            first = u8(octets, at) >> 4
            if first == 4 or first == 6:
                return RAW_IP, at, MPLS
            if first == 1:  # a channel beside the pseudowire's traffic
                return NO_IP, at, MPLS
            control = end - at >= 4 and be16(octets, at) == 0
            return ETHERNET_TYPE, (at + 4 if control else at), MPLS
    return NO_IP, at, MPLS


@kernel
def gre(octets, at, end):
    """GRE, of which version 1 is PPTP's, and the mirrored frames that it carries (ERSPAN)."""
    if end - at < 4:
        return NO_IP, at, GRE
    flags, kind = be16(octets, at), be16(octets, at + 2)
    version = flags & 7
    at += 4
    if flags == 0x2001 and kind == EOIP_TYPE:
        return ETHERNET_TYPE, at + 4, GRE
    if flags & 0x4000 or version > 1 or (version == 1 and (kind != PPP_TYPE or flags & 0x2000 == 0)):
        return NO_IP, at, GRE
    at += (4 if flags & 0x8000 else 0) + (4 if flags & 0x2000 else 0) + (4 if flags & 0x1000 else 0)
    if version == 1 and flags & 0x0080:
        at += 4
    if kind == ERSPAN_TYPE:
        if flags & 0x1000 == 0:
            return ETHERNET_TYPE, at, ERSPAN
        good = end - at >= 8 and u8(octets, at) >> 4 == 1
        return (ETHERNET_TYPE if good else NO_IP), at + 8, ERSPAN
    if kind == ERSPAN_3_TYPE:
        good = end - at >= 12 and u8(octets, at) >> 4 == 2
        more = 8 if good and u8(octets, at + 11) & 1 else 0
        what = be16(octets, at + 10) >> 10 & 31 if good else 1
        kind = ETHERNET_TYPE if what == 0 else RAW_IP if what == 2 else NO_IP
        return kind, at + 12 + more, ERSPAN
    return (kind or NO_IP), at, GRE


@kernel
def within_ip(octets, at, end, proto, version):
    """What an IP packet of a protocol that holds another packet carries; NO_IP with name 0 for other protocols."""
    if proto == 47:
        return gre(octets, at, end)
    if proto == 4:
        return IPV4_TYPE, at, (IPIP if version == 4 else IP6TNL)
    if proto == 41:
        return IPV6_TYPE, at, (SIX_IN_FOUR if version == 4 else IP6TNL)
    if proto == 137:
        return mpls(octets, at, end)
    if proto == 97:
        good = end - at >= 2 and u8(octets, at) >> 4 == 3
        return (ETHERNET_TYPE if good else NO_IP), at + 2, ETHERIP
    return NO_IP, at, UNNAMED


@kernel
def ppp(octets, at, end):
    """The protocol of a PPP frame, its address and control octets left out or not."""
    if end - at >= 2 and be16(octets, at) == 0xFF03:
        at += 2
    if end - at < 1:
        return kinds.SHORT, at, UNNAMED
    number = u8(octets, at)
    if number & 1:
        at += 1
    elif end - at < 2:
        return kinds.SHORT, at, UNNAMED
    else:
        number = be16(octets, at)
        at += 2
    if number == 0x21:
        return IPV4_TYPE, at, UNNAMED
    if number == 0x57:
        return IPV6_TYPE, at, UNNAMED
    if number == 0x281 or number == 0x283:
        return MPLS_TYPE, at, UNNAMED
    return NO_IP, at, UNNAMED


@kernel
def llc(octets, at, end):
    """LLC of an 802.2 frame: SNAP with an ethertype, or IP by itself."""
    if end - at >= 8 and be32(octets, at) == 0xAAAA0300 and be16(octets, at + 4) == 0:
        return be16(octets, at + 6), at + 8, UNNAMED
    if end - at >= 3 and be16(octets, at) == 0x0606 and u8(octets, at + 2) == 3:
        return RAW_IP, at + 3, UNNAMED
    return NO_IP, at, UNNAMED


@kernel
def service_chain(octets, at, end):
    """A network service header."""
    if end - at < 4:
        return kinds.SHORT, at, NSH
    size = (be16(octets, at) & 0x3F) * 4
    following = u8(octets, at + 3)
    if u8(octets, at) >> 6 or size < 8:
        return NO_IP, at, NSH
    if size > end - at:
        return kinds.SHORT, at, NSH
    at += size
    if following == 1:
        return IPV4_TYPE, at, NSH
    if following == 2:
        return IPV6_TYPE, at, NSH
    if following == 4:
        return NSH_TYPE, at, NSH
    if following == 5:
        return MPLS_TYPE, at, NSH
    return (ETHERNET_TYPE if following == 3 else NO_IP), at, NSH


@kernel
def secured(octets, at, end):
    """MACsec's tag; what is integrity-protected only can be read."""
    if end - at < 6:
        return kinds.SHORT, at, MACSEC
    flags = u8(octets, at)
    if flags & 0x80:
        return NO_IP, at, MACSEC
    if flags & 0x0C:
        return kinds.ENCRYPTED, at, MACSEC
    at += 14 if flags & 0x20 else 6
    if end - at < 2:
        return kinds.SHORT, at, MACSEC
    return ethertype(octets, at), at + 2, MACSEC


@kernel
def ethernet(octets, at, end, row):
    """An Ethernet header and its VLAN tags."""
    if end - at < 14:
        return kinds.SHORT, at, UNNAMED
    row.mac_at = at + 6
    return ethertype(octets, at + 12), at + 14, UNNAMED


@kernel
def is_tag(kind):
    """Whether it is an ethertype of a VLAN tag."""
    return kind == 0x8100 or kind == 0x88A8 or kind == 0x9100


@kernel
def tag(octets, at, end, row):
    """A VLAN tag; the outermost one is kept."""
    if end - at < 4:
        return kinds.SHORT, at, UNNAMED
    if row.vlan < 0:
        row.vlan = be16(octets, at) & 0xFFF
    return ethertype(octets, at + 2), at + 4, UNNAMED


@kernel
def unwrap(octets, at, end, kind, row):
    """Take one header off that is no IP header."""
    if kind == ETHERNET_TYPE:
        return ethernet(octets, at, end, row)
    if is_tag(kind):
        return tag(octets, at, end, row)
    if kind == MPLS_TYPE or kind == MPLS_MULTICAST:
        return mpls(octets, at, end)
    if kind == PPPOE_TYPE:
        if end - at < 6:
            return kinds.SHORT, at, PPPOE
        return (PPP_TYPE if be16(octets, at) == 0x1100 else NO_IP), at + 6, PPPOE
    if kind == PPP_TYPE:
        return ppp(octets, at, end)
    if kind == LLC:
        return llc(octets, at, end)
    if kind == PBB_TYPE:
        return (ETHERNET_TYPE if end - at >= 4 else kinds.SHORT), at + 4, PBB
    if kind == NSH_TYPE:
        return service_chain(octets, at, end)
    if kind == MACSEC_TYPE:
        return secured(octets, at, end)
    return NO_IP, at, UNNAMED
