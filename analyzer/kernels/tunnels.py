"""Packets within packets: from a frame's first packet to the innermost IP packet, and what it was wrapped in.

Each header is taken off by a kernel that returns (kind, at, name): what follows, where it begins, and what the header
is called; a kind below 0 says that it is no such header. Source: RFC 3032 (MPLS), 4385 (control word), 2516 (PPPoE),
1661 and 1662 (PPP), 2784 and 2890 (GRE), 2637 (PPTP), 3378 (EtherIP), 7348 (VXLAN), 8926 (GENEVE), 4380 (Teredo),
2661 (L2TP), 7510 (MPLS in UDP), 8300 (NSH); IEEE 802.1ah, 802.1AE; 3GPP TS 29.281 (GTP-U);
draft-foschiano-erspan-03; draft-ietf-nvo3-vxlan-gpe-13.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels import links as ln
from analyzer.kernels.headers import ENCRYPTED, FRAGMENT, IP, OTHER, SHORT, TUNNEL, UDP, fits, ipv4, ipv6, transport
from analyzer.kernels.jit import kernel
from analyzer.kernels.links import ETHERNET_TYPE, IPV4_TYPE, IPV6_TYPE, LLC, NO_IP, PPP_TYPE, PPPOE_TYPE, PROTO, RAW_IP
from analyzer.kernels.octets import be16, be32, u8

LAYERS = 16  # headers of one frame that are followed; tags count with their Ethernet header
ROUNDS = 64
KEPT_NAMES = 4

NAMES = (
    "", "pppoe", "mpls", "gre", "erspan", "ipip", "6in4", "ip6tnl", "etherip", "pbb", "nsh", "macsec",
    "vxlan", "geneve", "gtpu", "teredo", "l2tp",
)  # fmt: skip
UNNAMED, PPPOE, MPLS, GRE, ERSPAN, IPIP, SIX_IN_FOUR, IP6TNL, ETHERIP, PBB, NSH, MACSEC = range(12)
VXLAN, GENEVE, GTPU, TEREDO, L2TP = range(12, 17)

MPLS_TYPE, MPLS_MULTICAST, PBB_TYPE, NSH_TYPE, MACSEC_TYPE = 0x8847, 0x8848, 0x88E7, 0x894F, 0x88E5
ERSPAN_TYPE, ERSPAN_3_TYPE = 0x88BE, 0x22EB


@kernel
def mpls(octets, at, end):
    """A stack of labels, and by its first octets what they carry: nothing says so (RFC 4928 section 3)."""
    for _ in range(16):
        if end - at < 4:
            break
        at += 4
        if u8(octets, at - 2) & 1:
            if at >= end:
                return ln.SHORT, at, MPLS
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
    if end - at < 2:
        return NO_IP, at, UNNAMED
    number = u8(octets, at)
    if number & 1:
        at += 1
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
    if end - at < 8:
        return NO_IP, at, UNNAMED
    if be32(octets, at) == 0xAAAA0300 and be16(octets, at + 4) == 0:
        return be16(octets, at + 6), at + 8, UNNAMED
    if be16(octets, at) == 0x0606 and u8(octets, at + 2) == 3:
        return RAW_IP, at + 3, UNNAMED
    return NO_IP, at, UNNAMED


@kernel
def service_chain(octets, at, end):
    """A network service header."""
    if end - at < 8 or u8(octets, at) >> 6:
        return NO_IP, at, NSH
    size = (be16(octets, at) & 0x3F) * 4
    following = u8(octets, at + 3)
    if size < 8 or size > end - at:
        return NO_IP, at, NSH
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
    if end - at < 16:
        return NO_IP, at, MACSEC
    flags = u8(octets, at)
    if flags & 0x80:
        return NO_IP, at, MACSEC
    if flags & 0x0C:
        return ln.ENCRYPTED, at, MACSEC
    at += 14 if flags & 0x20 else 6
    return be16(octets, at), at + 2, MACSEC


@kernel
def ethernet(octets, at, end, row):
    """An Ethernet header and its VLAN tags."""
    if end - at < 14:
        return ln.SHORT, at, UNNAMED
    row.mac_at = at + 6
    return be16(octets, at + 12), at + 14, UNNAMED


@kernel
def is_tag(kind):
    """Whether it is an ethertype of a VLAN tag."""
    return kind == 0x8100 or kind == 0x88A8 or kind == 0x9100


@kernel
def tag(octets, at, end, row):
    """A VLAN tag; the outermost one is kept."""
    if end - at < 4:
        return ln.SHORT, at, UNNAMED
    if row.vlan < 0:
        row.vlan = be16(octets, at) & 0xFFF
    return be16(octets, at + 2), at + 4, UNNAMED


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
        good = end - at >= 6 and be16(octets, at) == 0x1100
        return (PPP_TYPE if good else NO_IP), at + 6, PPPOE
    if kind == PPP_TYPE:
        return ppp(octets, at, end)
    if kind == LLC or kind < 1536:
        return llc(octets, at, end)
    if kind == PBB_TYPE:
        return (ETHERNET_TYPE if end - at >= 18 else NO_IP), at + 4, PBB
    if kind == NSH_TYPE:
        return service_chain(octets, at, end)
    if kind == MACSEC_TYPE:
        return secured(octets, at, end)
    return NO_IP, at, UNNAMED


@kernel
def seems(octets, at, end, cut, kind):
    """Whether what `kind` announces can begin at `at`: a check for tunnels that only a port tells of."""
    have = end - at
    if kind == RAW_IP and have > 0:
        kind = IPV6_TYPE if u8(octets, at) >> 4 == 6 else IPV4_TYPE
    if kind == IPV4_TYPE:
        if have < 20 or u8(octets, at) >> 4 != 4 or u8(octets, at) & 15 < 5:
            return False
        total = be16(octets, at + 2)
        return total == 0 or (u8(octets, at) & 15) * 4 <= total <= have + cut
    if kind == IPV6_TYPE:
        return have >= 40 and u8(octets, at) >> 4 == 6 and be16(octets, at + 4) + 40 <= have + cut
    if kind == ETHERNET_TYPE:
        return have >= 14
    return False


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
    known = kind == ETHERNET_TYPE or kind == IPV4_TYPE or kind == IPV6_TYPE or kind == MPLS_TYPE
    return (kind if known else NO_IP), at + 8 + (u8(octets, at) & 0x3F) * 4, GENEVE


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
        for _ in range(8):
            if following == 0:
                break
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
    if flags & 0x800F != 2 or flags & 0x34F0:
        return NO_IP, at, L2TP
    at += 6 + (2 if flags & 0x4000 else 0) + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        if end - at < 2:
            return NO_IP, at, L2TP
        at += 2 + be16(octets, at)
    return PPP_TYPE, at, L2TP


@kernel
def is_carrier(one, other):
    """Whether a port of a datagram's is one that tunnels use."""
    if other == 4789 or other == 8472 or other == 4790 or other == 6081 or other == 6635:
        return True
    return one == 2152 or other == 2152 or one == 3544 or other == 3544 or one == 1701 or other == 1701


@kernel
def within_udp(octets, at, end, cut, row):
    """The tunnel in a datagram's payload: as the others, NO_IP where what follows cannot be what it announces."""
    one, port = row.src_port, row.dst_port
    if port == 4789 or port == 8472 or port == 4790:
        kind, at, name = vxlan(octets, at, end, port)
    elif port == 6081:
        kind, at, name = geneve(octets, at, end)
    elif port == 6635:
        kind, at, name = mpls(octets, at, end)
    elif one == 2152 or port == 2152:
        kind, at, name = gtpu(octets, at, end)
    elif one == 3544 or port == 3544:
        kind, at, name = teredo(octets, at, end)
    else:
        kind, at, name = l2tp(octets, at, end)
    if kind < 0 or at > end or not begins(octets, at, end, cut, kind):
        return NO_IP, at, name
    return kind, at, name


@kernel
def wrapped(row, name):
    """Note that the packet that follows is wrapped in `name`; the first four are kept, the outermost lowest."""
    if name == UNNAMED:
        return
    for place in range(0, 8 * KEPT_NAMES, 8):
        if row.tunnel >> place == 0:
            row.tunnel |= name << place
            return


@kernel
def carried(octets, row):
    """IP, or TUNNEL where the datagram in `row` carries another packet: inner_kind, inner_at, inner_end say which."""
    row.carries = 0
    if row.proto != UDP or row.payload_kept == 0 or not is_carrier(row.src_port, row.dst_port):
        return IP
    stop = row.payload_at + row.payload_kept
    kind, at, name = within_udp(octets, row.payload_at, stop, row.payload - row.payload_kept, row)
    if kind < 0:
        return IP
    row.carries = name
    row.inner_kind = kind
    row.inner_at = at
    row.inner_end = stop
    row.inner_cut = row.payload - row.payload_kept
    row.payload_kept = 0
    return TUNNEL


@kernel
def enter(octets, rows):
    """Go on inside the tunnel of the datagram in `rows[0]`, as `inward` does."""
    row = rows[0]
    wrapped(row, row.carries)
    row.carries = 0
    return inward(octets, row.inner_at, row.inner_end, row.inner_cut, row.inner_kind, rows)


@kernel
def ip_header(octets, at, end, cut, kind, row):
    """Read an IP header of either version: as headers.ipv4, the length clamped to what the frame can hold."""
    wire = end - at + cut
    if kind == RAW_IP:
        kind = IPV6_TYPE if end > at and u8(octets, at) >> 4 == 6 else IPV4_TYPE
    if kind == IPV4_TYPE:
        body, left = ipv4(octets, at, end, wire, row)
    else:
        body, left = ipv6(octets, at, end, wire, row)
    if body >= 0:
        left = max(min(left, wire - (body - at)), 0)
        row.ip_octets = min(row.ip_octets, wire)
    return body, left


@kernel
def inward(octets, at, end, cut, kind, rows):
    """Decode what `kind` announces at `at` into `rows[0]`, down to the innermost IP packet.

    end   where the octets of the frame end; `cut` more were there on the wire
    rows  two records of DECODED; the second keeps a packet of which it is not known yet whether it can be opened
    Returns IP, TUNNEL (a datagram that carries another packet: account for it, then `enter`), FRAGMENT (payload_at
    and payload tell which part), OTHER, SHORT or ENCRYPTED.
    """
    row = rows[0]
    kept = False
    at_kept, end_kept, left_kept = at, end, np.int64(0)
    left = end - at + cut
    why = np.int64(OTHER)
    layers = 0
    for _ in range(ROUNDS):
        layers += 0 if is_tag(kind) or kind >= PROTO else 1
        if layers > LAYERS:
            break
        if kind == IPV4_TYPE or kind == IPV6_TYPE or kind == RAW_IP:
            body, left = ip_header(octets, at, end, cut, kind, row)
            if body < 0 or (row.fragment and not fits(row.fragment, left)):
                why = np.int64(SHORT)
                break
            if row.fragment:
                row.payload_at = body
                row.payload = left
                row.payload_kept = max(min(end - body, left), 0)
                return FRAGMENT
            at = body
            stop = min(end, body + left)
            cut = max(body + left - stop, 0)
            end = max(stop, body) if stop >= body else end
            kind = PROTO + np.int64(row.proto)
        elif kind >= PROTO:
            following, inner, name = within_ip(octets, at, end, row.proto, row.version)
            if following < 0:
                transport(octets, at, end, left, row)
                return carried(octets, row)
            rows[1] = rows[0]
            kept, at_kept, end_kept, left_kept = True, at, end, left
            wrapped(row, name)
            kind, at = following, inner
            layers += 1 if name == GRE or name == ERSPAN or name == ETHERIP else 0
        else:
            following, at, name = unwrap(octets, at, end, kind, row)
            if following < 0:
                if following == ln.ENCRYPTED:
                    why = np.int64(ENCRYPTED)
                elif following == ln.SHORT:
                    why = np.int64(SHORT)
                break
            wrapped(row, name)
            kind = following
    if kept:
        rows[0] = rows[1]
        transport(octets, at_kept, end_kept, left_kept, rows[0])
        rows[0].carries = 0
        return IP
    return why
