"""A packet wrapped in every tunnel: with scapy's headers where it has them, else octet by octet."""

from __future__ import annotations

import struct
from typing import NamedTuple

from hypothesis import strategies as st
from scapy.contrib.erspan import ERSPAN, ERSPAN_III
from scapy.contrib.etherip import EtherIP
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.macsec import MACsec, MACsecSCI
from scapy.contrib.mpls import MPLS as LABEL
from scapy.contrib.nsh import NSH
from scapy.layers.l2 import GRE, GRE_PPTP, Dot1AH
from scapy.layers.vxlan import VXLAN

from tests.builders import frames as fr

IPV4, IPV6, ETHERNET, PPP, MPLS = 0x0800, 0x86DD, 0x6558, 0x880B, 0x8847
PPP_PROTOCOLS = {IPV4: 0x21, IPV6: 0x57, MPLS: 0x281}


class Carried(NamedTuple):
    """A packet with all that is around it so far, and what is to be found of it.

    `kind` is the ethertype that announces the octets; `tunnel` names what is around the packet, `outer` are the UDP
    flows around it as (source, destination, ports, service), both outermost first; `mac` is the one next to the packet,
    `vlan` the one farthest from it, None and -1 where there are none.
    """

    kind: int
    octets: bytes
    tunnel: tuple = ()
    outer: tuple = ()
    mac: bytes | None = None
    vlan: int = -1

    def within(self, kind, header, *names, trailer=b""):
        """The same behind a header, or the headers of several tunnels."""
        return self._replace(kind=kind, octets=header + self.octets + trailer, tunnel=names + self.tunnel)


def carried(packet):
    """An IP packet without anything around it."""
    return Carried(IPV4 if packet[0] >> 4 == 4 else IPV6, packet)


# around a packet without IP


def ethernet(inner, mac=fr.MACS[0], vlans=()):
    """A frame; an inner one has the say about the packet's MAC, the outermost tag about its VLAN."""
    tags = b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)
    made = inner.within(ETHERNET, fr.MACS[1] + mac + tags + struct.pack(">H", inner.kind))
    return made._replace(mac=inner.mac or mac, vlan=vlans[0] if vlans else inner.vlan)


def framed(inner):
    """A frame, unless it is one already."""
    return inner if inner.kind == ETHERNET else ethernet(inner, b"\x02\0\0\0\0" + bytes([len(inner.tunnel)]))


def ppp(inner):
    """PPP; a frame goes through MPLS."""
    inner = inner if inner.kind in PPP_PROTOCOLS else mpls(inner)
    return inner.within(PPP, struct.pack(">H", PPP_PROTOCOLS[inner.kind]))


def pppoe(inner):
    inner = ppp(inner)
    return inner.within(0x8864, struct.pack(">BBHH", 0x11, 0, 7, len(inner.octets)), "pppoe", trailer=b"\0" * 3)


def mpls(inner, labels=2):
    """A stack of labels; before a frame stands the control word of RFC 4448."""
    stack = b"".join(bytes(LABEL(label=16 + k, s=int(k == labels - 1))) for k in range(labels))
    inner = inner if inner.kind in {IPV4, IPV6} else framed(inner)
    word = b"\0\0\0\x05" if inner.kind == ETHERNET else b""
    return inner.within(MPLS, stack + word, "mpls")


def mpls_without_word(inner):
    """A frame behind labels at once; its destination begins as no IP packet does."""
    return framed(inner).within(MPLS, bytes(LABEL(label=99, s=1)), "mpls")


def pbb(inner):
    return framed(inner).within(0x88E7, bytes(Dot1AH(isid=5)), "pbb")


def nsh(inner):
    kinds = {IPV4: 1, IPV6: 2, ETHERNET: 3, 0x894F: 4, MPLS: 5}
    inner = inner if inner.kind in kinds else framed(inner)
    return inner.within(0x894F, bytes(NSH(nextproto=kinds[inner.kind])), "nsh")


def macsec(inner, *, channel=True):
    """Integrity only: the ICV is the last 16 octets."""
    header = bytes(
        MACsec(type=inner.kind, PN=1, SC=int(channel), **({"SCI": MACsecSCI(port_identifier=9)} if channel else {}))
    )
    return inner.within(0x88E5, header, "macsec", trailer=b"\xaa" * 16)


def macsec_without_channel(inner):
    return macsec(inner, channel=False)


def bridged(inner):
    """A frame in a frame, without a name."""
    return framed(inner)


# in IP


def ends(level, six):
    """The outer addresses of a tunnel, which differ from level to level."""
    return (f"fd0{level}::1", f"fd0{level}::2") if six else (f"192.0.{level}.1", f"192.0.{level}.2")


def in_ip(inner, proto, name, level, *, six=False, header=b""):
    """An IP packet of a tunnel's protocol."""
    packet = fr.ip(*ends(level, six), proto, header + inner.octets)
    return inner._replace(kind=IPV6 if six else IPV4, octets=packet, tunnel=(*name, *inner.tunnel))


def ip_in_ip(inner, level, *, six=False):
    inner = inner if inner.kind in {IPV4, IPV6} else gre(inner, level + 5)
    name = "ip6tnl" if six else "ipip" if inner.kind == IPV4 else "6in4"
    return in_ip(inner, 4 if inner.kind == IPV4 else 41, (name,), level, six=six)


def ip_in_ip6(inner, level):
    return ip_in_ip(inner, level, six=True)


def gre(inner, level, **fields):
    return in_ip(inner, 47, ("gre",), level, header=bytes(GRE(proto=inner.kind, **fields)))


def gre_with_all(inner, level):
    """Every optional field there is, over IPv6."""
    header = GRE(proto=inner.kind, chksum_present=1, key_present=1, seqnum_present=1, chksum=0)
    return in_ip(inner, 47, ("gre",), level, six=True, header=bytes(header))


def gre_pptp(inner, level):
    inner = ppp(inner)
    header = GRE_PPTP(seqnum_present=1, acknum_present=1, payload_len=len(inner.octets))
    return in_ip(inner, 47, ("gre",), level, header=bytes(header))


def eoip(inner, level):
    """MikroTik's Ethernet over IP."""
    inner = framed(inner)
    header = b"\x20\x01\x64\x00" + struct.pack(">H", len(inner.octets)) + b"\x07\0"
    return in_ip(inner, 47, ("gre",), level, header=header)


def erspan_i(inner, level):
    return in_ip(framed(inner), 47, ("erspan",), level, header=bytes(GRE(proto=0x88BE)))


def erspan_ii(inner, level):
    header = bytes(GRE(proto=0x88BE, seqnum_present=1)) + bytes(ERSPAN())
    return in_ip(framed(inner), 47, ("erspan",), level, header=header)


def erspan_iii(inner, level):
    header = bytes(GRE(proto=0x22EB, seqnum_present=1)) + bytes(ERSPAN_III())[:-1] + b"\x01" + b"\0" * 8
    return in_ip(framed(inner), 47, ("erspan",), level, header=header)


def etherip(inner, level):
    return in_ip(framed(inner), 97, ("etherip",), level, header=bytes(EtherIP()))


def mpls_in_ip(inner, level):
    return in_ip(mpls(inner), 137, (), level)


# in UDP


def in_udp(inner, level, port, service, header=b"", *, six=False, names=None, sport=50000):
    """A datagram of a tunnel's port, which is a flow of its own."""
    source, target = ends(level, six)
    packet = fr.ip(source, target, fr.UDP, fr.udp(sport + level, port, header + inner.octets))
    flow = (source, target, sport + level, port, service)
    names = (service,) if names is None else names
    return inner._replace(
        kind=IPV6 if six else IPV4, octets=packet, tunnel=(*names, *inner.tunnel), outer=(flow, *inner.outer)
    )


def ip_only(inner, level):
    """An IP packet, unless it is one already."""
    return inner if inner.kind in {IPV4, IPV6} else gre(inner, level + 5)


def vxlan(inner, level):
    return in_udp(framed(inner), level, 4789, "vxlan", bytes(VXLAN(vni=7)))


def vxlan_of_linux(inner, level):
    """On the port that Linux took first, with the bits of group policies, over IPv6."""
    return in_udp(framed(inner), level, 8472, "vxlan", b"\x88\0\0\x05\0\0\x07\0", six=True)


def vxlan_gpe(inner, level):
    kinds = {IPV4: 1, IPV6: 2, ETHERNET: 3}
    inner = inner if inner.kind in kinds else framed(inner)
    header = VXLAN(flags="Instance+NextProtocol", NextProtocol=kinds[inner.kind])
    return in_udp(inner, level, 4790, "vxlan", bytes(header))


def geneve(inner, level):
    """With two words of options."""
    inner = inner if inner.kind in {IPV4, IPV6, MPLS} else framed(inner)
    header = bytes(GENEVE(proto=inner.kind, vni=3, optionlen=2)) + b"\1\2\3\1\0\0\0\0"
    return in_udp(inner, level, 6081, "geneve", header)


def gtpu(inner, level):
    inner = ip_only(inner, level)
    header = b"\x30\xff" + struct.pack(">HI", len(inner.octets), 1)
    return in_udp(inner, level, 2152, "gtpu", header)


def gtpu_with_extension(inner, level):
    """From the tunnel's port, with the extension header of 5G."""
    inner = ip_only(inner, level)
    header = bytes(GTP_U_Header(teid=1) / GTPPDUSessionContainer() / b"E")[:-1]
    return in_udp(inner, level, 40000 + level, "gtpu", header, six=True, sport=2152 - level)


def teredo(inner, level):
    """With what a server says of authentication and origin."""
    inner = inner if inner.kind == IPV6 else ip_in_ip6(inner, level + 5)
    header = b"\0\1\2\3" + b"idaut" + b"\0" * 9 + b"\0\0" + b"\xff" * 6
    return in_udp(inner, level, 3544, "teredo", header)


def l2tp(inner, level):
    """With length, sequence numbers, an offset, and PPP in HDLC's framing."""
    inner = ppp(inner)
    header = struct.pack(">HHHHHHH", 0x4A02, 0, 1, 2, 3, 4, 2) + b"\0\0\xff\x03"
    return in_udp(inner, level, 1701, "l2tp", header)


def mpls_in_udp(inner, level):
    return in_udp(mpls(inner), level, 6635, "mpls", names=())


LINK_LAYERS = {
    one.__name__: one for one in (pppoe, mpls, mpls_without_word, pbb, nsh, macsec, macsec_without_channel, bridged)
}  # fmt: skip
"""What needs no IP around it, by name: of a Carried."""

OVER_IP = {
    one.__name__: one
    for one in (
        ip_in_ip, ip_in_ip6, gre, gre_with_all, gre_pptp, eoip, erspan_i, erspan_ii, erspan_iii, etherip, mpls_in_ip,
        vxlan, vxlan_of_linux, vxlan_gpe, geneve, gtpu, gtpu_with_extension, teredo, l2tp, mpls_in_udp,
    )
}  # fmt: skip
"""Tunnels over IP, by name: of a Carried and a level, which tells their addresses from those of others."""

NAMES = [*LINK_LAYERS, *OVER_IP]


def wrapped(packet, names):
    """A packet in the tunnels of these names, outermost first."""
    made = carried(packet)
    for level, name in reversed(list(enumerate(names, 1))):
        made = LINK_LAYERS[name](made) if name in LINK_LAYERS else OVER_IP[name](made, level)
    return made


nests = st.lists(st.sampled_from(NAMES), max_size=3)
"""Names of up to three tunnels within each other."""
