"""Packets within datagrams: tunnels over UDP, which a port suggests and the payload has to bear out.

As in tunnels.py, each kernel returns (kind, at, name). Source: RFC 7348 (VXLAN), draft-ietf-nvo3-vxlan-gpe-13, RFC 8926
(GENEVE), 4380 (Teredo), 2661 (L2TP), 7510 (MPLS); 3GPP TS 29.281 (GTP-U).
"""

from __future__ import annotations

from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.kinds import ETHERNET_TYPE, IPV4_TYPE, IPV6_TYPE, NO_IP, PPP_TYPE, RAW_IP
from analyzer.kernels.octets import be16, u8
from analyzer.kernels.tunnels import GENEVE, GTPU, L2TP, MPLS_TYPE, TEREDO, UNNAMED, VXLAN, mpls, ppp

# what overlays carry besides IP: ARP, tags, MPLS, PPPoE, LLDP, slow protocols, 802.1X, PTP, MACsec, CFM
FRAME_TYPES = (
    0x0806,
    0x8100,
    0x88A8,
    0x8847,
    0x8848,
    0x8863,
    0x8864,
    0x88CC,
    0x8809,
    0x888E,
    0x88F7,
    0x88E5,
    0x8902,
    0x88E7,
    0x894F,
    0x9100,
)


@kernel
def seems_ip(octets, at, end, cut, kind):
    """Whether an IP packet of the version that `kind` announces can begin at `at`."""
    have = end - at
    if kind == IPV6_TYPE:
        return have >= 40 and u8(octets, at) >> 4 == 6 and be16(octets, at + 4) + 40 <= have + cut
    if have < 20 or u8(octets, at) >> 4 != 4 or u8(octets, at) & 15 < 5:
        return False
    total = be16(octets, at + 2)
    return total == 0 or (u8(octets, at) & 15) * 4 <= total <= have + cut


@kernel
def seems_frame(octets, at, end, cut):
    """Whether a frame of Ethernet can begin at `at`: by its type, and by the header that this announces."""
    if end - at < 14:
        return False
    kind = be16(octets, at + 12)
    if kind == IPV4_TYPE or kind == IPV6_TYPE:
        return seems_ip(octets, at + 14, end, cut, kind)
    if kind < 1536:  # a length, then LLC in unnumbered information
        return kind <= end - at + cut - 14 and end - at >= 17 and u8(octets, at + 16) == 3
    return kind in FRAME_TYPES


@kernel
def seems(octets, at, end, cut, kind):
    """Whether what `kind` announces can begin at `at`: a check for tunnels that only a port tells of."""
    if kind == ETHERNET_TYPE:
        return seems_frame(octets, at, end, cut)
    if kind == RAW_IP and end > at:
        kind = IPV6_TYPE if u8(octets, at) >> 4 == 6 else IPV4_TYPE
    return (kind == IPV4_TYPE or kind == IPV6_TYPE) and seems_ip(octets, at, end, cut, kind)


@kernel
def begins(octets, at, end, cut, kind):
    """As `seems`, for what stands under PPP or labels as well."""
    if kind == PPP_TYPE:
        kind, at, _ = ppp(octets, at, end)
    if kind == MPLS_TYPE:
        kind, at, _ = mpls(octets, at, end)
    return kind >= 0 and at <= end and seems(octets, at, end, cut, kind)


@kernel
def vxlan(octets, at, end, port):
    """VXLAN, and its generic extension on a port of its own."""
    if end - at < 8:
        return NO_IP, at, VXLAN
    if port != 4790:
        return (ETHERNET_TYPE if u8(octets, at) & 0x08 else NO_IP), at + 8, VXLAN
    following = u8(octets, at + 3)
    if u8(octets, at) & 0x3C != 0x0C:
        return NO_IP, at, VXLAN
    kind = IPV4_TYPE if following == 1 else IPV6_TYPE if following == 2 else ETHERNET_TYPE if following == 3 else NO_IP
    return kind, at + 8, VXLAN


@kernel
def geneve(octets, at, end):
    """GENEVE with its options."""
    if end - at < 8 or u8(octets, at) >> 6:
        return NO_IP, at, GENEVE
    kind = be16(octets, at + 2)
    return kind, at + 8 + (u8(octets, at) & 0x3F) * 4, GENEVE


@kernel
def gtpu(octets, at, end):
    """A user's packet in GTP-U, its extension headers passed over."""
    if end - at < 8 or u8(octets, at) & 0xF0 != 0x30 or u8(octets, at + 1) != 255:
        return NO_IP, at, GTPU
    flags = u8(octets, at) & 7
    at += 8
    if flags:
        if end - at < 4:
            return NO_IP, at, GTPU
        following = u8(octets, at + 3) if flags & 4 else 0
        at += 4
        while following:
            size = u8(octets, at) * 4 if end > at else 0
            if size == 0 or size > end - at:
                return NO_IP, at, GTPU
            at += size
            following = u8(octets, at - 1)
    return RAW_IP, at, GTPU


@kernel
def teredo(octets, at, end):
    """IPv6 in Teredo, after its authentication and origin indications."""
    if end - at >= 4 and be16(octets, at) == 1:
        at += 13 + u8(octets, at + 2) + u8(octets, at + 3)
    if end - at >= 8 and be16(octets, at) == 0:
        at += 8
    return IPV6_TYPE, at, TEREDO


@kernel
def l2tp(octets, at, end):
    """A data message of L2TP version 2."""
    if end - at < 6:
        return NO_IP, at, L2TP
    flags = be16(octets, at)
    if flags & 0x800F != 2:
        return NO_IP, at, L2TP
    at += 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        if end - at < 2:
            return NO_IP, at, L2TP
        at += 2 + be16(octets, at)
    return PPP_TYPE, at, L2TP


@inlined
def is_carrier(one, other):
    """Whether a port of a datagram's is one that tunnels use."""
    if other == 4789 or other == 8472 or other == 4790 or other == 6081 or other == 6635:
        return True
    return one == 2152 or other == 2152 or one == 3544 or other == 3544 or one == 1701 or other == 1701


@kernel
def tried(octets, at, end, cut, kind, name):
    """The tunnel whose header was read, NO_IP where what follows cannot be what it announces."""
    if kind < 0 or at > end or not begins(octets, at, end, cut, kind):
        return NO_IP, at, name
    return kind, at, name


@kernel
def within_udp(octets, at, end, cut, row):
    """The tunnel in a datagram's payload: the first one that its ports allow and its octets bear out."""
    one, port = row.src_port, row.dst_port
    found = NO_IP, at, UNNAMED
    if port == 4789 or port == 8472 or port == 4790:
        kind, inner, name = vxlan(octets, at, end, port)
        found = tried(octets, inner, end, cut, kind, name)
    if found[0] < 0 and port == 6081:
        kind, inner, name = geneve(octets, at, end)
        found = tried(octets, inner, end, cut, kind, name)
    if found[0] < 0 and (one == 2152 or port == 2152):
        kind, inner, name = gtpu(octets, at, end)
        found = tried(octets, inner, end, cut, kind, name)
    if found[0] < 0 and (one == 3544 or port == 3544):
        kind, inner, name = teredo(octets, at, end)
        found = tried(octets, inner, end, cut, kind, name)
    if found[0] < 0 and (one == 1701 or port == 1701):
        kind, inner, name = l2tp(octets, at, end)
        found = tried(octets, inner, end, cut, kind, name)
    if found[0] < 0 and port == 6635:
        kind, inner, name = mpls(octets, at, end)
        found = tried(octets, inner, end, cut, kind, name)
    return found
