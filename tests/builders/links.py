"""A packet, wrapped or not, on every link that holds IP: octet by octet, with scapy's headers for IEEE 802.11."""

from __future__ import annotations

import struct
from typing import NamedTuple

from hypothesis import strategies as st
from scapy.layers.dot11 import Dot11, Dot11QoS, RadioTap

from tests.builders.tunnels import ETHERNET, IPV4, IPV6, PPP_PROTOCOLS, Carried, ethernet, ppp

MAC = b"\x02\x11\x22\x33\x44\x55"
OTHERS = [b"\x02\0\0\0\0" + bytes([k]) for k in (1, 2, 3)]
SNAP = b"\xaa\xaa\x03\0\0\0"
FAMILIES = {IPV4: 2, IPV6: 28}


class Link(NamedTuple):
    """A way to put a Carried on a link: what it can announce (None for any ethertype), and whether it tells a MAC."""

    number: int
    build: object
    kinds: frozenset | None = None
    mac: bytes | None = None

    def frame(self, inner: Carried):
        """(octets, the MAC of the packet's sender or None)."""
        return self.build(inner), inner.mac or self.mac

    def takes(self, inner: Carried):
        """Whether the link can announce it."""
        return self.kinds is None or inner.kind in self.kinds


IP = frozenset({IPV4, IPV6})
OVER_PPP = frozenset(PPP_PROTOCOLS)


def typed(inner):
    """An ethertype and what it announces."""
    return struct.pack(">H", inner.kind) + inner.octets


def snap(inner):
    """LLC/SNAP of RFC 1042."""
    return SNAP + typed(inner)


def behind(header):
    """An IP packet behind a header that is always the same."""
    return lambda inner: header + inner.octets


def family_of(form, tail=b""):
    """An IP packet behind its address family and some more."""
    return lambda inner: struct.pack(form, FAMILIES[inner.kind]) + tail + inner.octets


def wifi(inner, *, to_ds=True, from_ds=False, quality=b"", order=b"", pad=0, body=None):
    """A data frame of IEEE 802.11 whose source is MAC."""
    names = [*OTHERS, None]
    at = 3 if to_ds and from_ds else 2 if from_ds else 1
    names[at] = MAC
    bits = to_ds | from_ds << 1 | (0x80 if order else 0)
    addresses = {f"addr{k}": ":".join(f"{octet:02x}" for octet in name) for k, name in enumerate(names, 1) if name}
    header = bytes(Dot11(type=2, subtype=8 if quality else 0, FCfield=bits, **addresses)) + quality + order
    return header + b"\0" * pad + (snap(inner) if body is None else body)


def wifi_aggregated(inner):
    """Two MSDUs in one frame, of which the first is read."""
    body = snap(inner)
    first = OTHERS[0] + MAC + struct.pack(">H", len(body)) + body
    second = OTHERS[0] + OTHERS[1] + struct.pack(">H", 8) + snap(Carried(0x0806, b""))
    return wifi(inner, quality=bytes(Dot11QoS(A_MSDU_Present=1)), body=first + b"\0" * (-len(first) % 4) + second)


def radiotap(inner):
    """With a clock before the flags, which say that an FCS follows."""
    header = RadioTap(present="TSFT+Flags", mac_timestamp=1, Flags="FCS")
    return bytes(header) + wifi(inner, quality=bytes(Dot11QoS()), from_ds=True, to_ds=False) + b"\xfc" * 4


def radiotap_padded(inner):
    """With two words of presence, and a header that is filled up to a multiple of 4."""
    header = struct.pack("<BBHIIB", 0, 0, 16, 0x80000002, 0, 0x20) + b"\0" * 3
    return header + wifi(inner, quality=bytes(Dot11QoS()), pad=2)


def pktap(number):
    """Apple's header, which tells the link behind it."""
    return struct.pack("<III", 108, 1, number) + b"\0" * 96


def nflog(inner):
    """Two attributes and the packet."""
    attributes = [(1, b"\0" * 4), (10, b"prefix\0"), (9, inner.octets)]
    made = [struct.pack("<HH", 4 + len(value), kind) + value for kind, value in attributes]
    return struct.pack(">BBH", 2 if inner.kind == IPV4 else 10, 0, 5) + b"".join(
        one + b"\0" * (-len(one) % 4) for one in made
    )


def frame_relay(inner, address=b"\x18\x41"):
    """RFC 2427: a protocol identifier of its own for IP, SNAP for all else."""
    if inner.kind in IP:
        return address + b"\x03" + (b"\xcc" if inner.kind == IPV4 else b"\x8e") + inner.octets
    if inner.kind == ETHERNET:
        return address + b"\x03\0\x80\0\x80\xc2\0\x07" + inner.octets
    return address + b"\x03\0\x80\0\0\0" + typed(inner)


def atm(inner):
    """RFC 1483, LLC: routed, or bridged without FCS."""
    return b"\xaa\xaa\x03\0\x80\xc2\0\x07\0\0" + inner.octets if inner.kind == ETHERNET else snap(inner)


def token_ring(inner):
    """With a route of three hops, which the first bit of the source announces."""
    return b"\x10\x40" + OTHERS[0] + bytes([MAC[0] | 0x80]) + MAC[1:] + b"\x08\x30" + b"\0\x11" * 3 + snap(inner)


def arcnet(inner):
    """RFC 1201 on BSD: a flag that says that it is no fragment, and a sequence number."""
    return b"\1\2" + (b"\xd4" if inner.kind == IPV4 else b"\xc4") + b"\0\0\x09" + inner.octets


def ipnet(inner):
    return struct.pack(">BB", 1, 2 if inner.kind == IPV4 else 26) + b"\0" * 22 + inner.octets


def frame_of(inner):
    """An Ethernet frame of MAC, unless it is one already."""
    return inner.octets if inner.kind == ETHERNET else ethernet(inner, MAC).octets


def between(tag):
    """A frame with a switch's tag between its addresses and its type."""
    return lambda inner: frame_of(inner)[:12] + tag + frame_of(inner)[12:]


def over_ppp(header):
    """PPP behind a header."""
    return lambda inner: header + ppp(inner).octets


def pppoe_session(inner):
    """PPPoE without Ethernet; its length ends with the packet."""
    octets = ppp(inner).octets
    return b"\x11\0\0\1" + struct.pack(">H", len(octets)) + octets


def sll2(inner):
    """Linux cooked, version 2: an address of six octets in a field of eight."""
    return struct.pack(">HHIHBB", inner.kind, 0, 1, 1, 0, 6) + MAC + b"\0\0" + inner.octets


LINKS = {
    "null": Link(0, family_of("<I"), IP),
    "loop": Link(108, family_of(">I"), IP),
    "ethernet": Link(1, frame_of, mac=MAC),
    "ethernet llc": Link(1, lambda inner: OTHERS[0] + MAC + b"\0\x99" + snap(inner), mac=MAC),
    "ethernet llc ip": Link(1, lambda inner: OTHERS[0] + MAC + b"\0\x99\x06\x06\x03" + inner.octets, IP, MAC),
    "3 Mbit ethernet": Link(2, lambda inner: b"\1\2" + typed(inner)),
    "token ring": Link(6, token_ring),
    "token ring without route": Link(6, lambda inner: b"\x10\x40" + OTHERS[0] + MAC + snap(inner), mac=MAC),
    "arcnet": Link(7, arcnet, IP),
    "arcnet exception": Link(7, lambda one: arcnet(one)[:3] + b"\xff\0\0\0" + arcnet(one)[3:], IP),
    "arcnet rfc 1051": Link(7, lambda inner: b"\1\2\xf0" + inner.octets, frozenset({IPV4})),
    "arcnet of linux": Link(129, lambda inner: b"\1\2\0\0" + arcnet(inner)[2:], IP),
    "slip": Link(8, behind(b"\0" * 16), IP),
    "slip of bsd/os": Link(102, behind(b"\0" * 24), IP),
    "ppp": Link(9, over_ppp(b"\xff\x03"), OVER_PPP),
    "ppp without hdlc": Link(9, over_ppp(b""), OVER_PPP),
    "ppp compressed": Link(9, lambda inner: ppp(inner).octets[1:], IP),
    "ppp hdlc": Link(50, over_ppp(b"\xff\x03"), OVER_PPP),
    "cisco on ppp": Link(50, lambda inner: b"\x0f\0" + typed(inner)),
    "pppoe": Link(51, pppoe_session, OVER_PPP),
    "ppp with direction": Link(204, over_ppp(b"\1\xff\x03"), OVER_PPP),
    "pppd": Link(166, over_ppp(b"\0\x03"), OVER_PPP),
    "cisco hdlc": Link(104, lambda inner: b"\x0f\0" + typed(inner)),
    "cisco hdlc with direction": Link(205, lambda inner: b"\1\x8f\0" + typed(inner)),
    "frame relay": Link(107, frame_relay),
    "frame relay of cisco": Link(107, lambda inner: b"\x18\x41" + typed(inner)),
    "frame relay of four": Link(107, lambda inner: frame_relay(inner, b"\x18\x40\0\1")),
    "frame relay ppp": Link(107, over_ppp(b"\x18\x41\x03\xcf"), OVER_PPP),
    "frame relay with direction": Link(206, lambda inner: b"\0" + frame_relay(inner)),
    "multilink frame relay": Link(182, lambda inner: b"\xc0\0" + frame_relay(inner)),
    "fddi": Link(10, lambda inner: b"\x50" + OTHERS[0] + MAC + snap(inner), mac=MAC),
    "atm": Link(100, atm),
    "atm clip": Link(106, snap),
    "atm clip raw": Link(106, behind(b""), IP),
    "sunatm": Link(123, lambda inner: b"\x82\0\0\x20" + atm(inner)),
    "ip over fc": Link(122, lambda inner: b"\x10\0" + OTHERS[0] + b"\x10\0" + MAC + snap(inner)),
    "raw": Link(101, behind(b""), IP),
    "raw of bsd": Link(12, behind(b""), IP),
    "802.11": Link(105, wifi, mac=MAC),
    "802.11 to a station": Link(105, lambda one: wifi(one, to_ds=False, from_ds=True), mac=MAC),
    "802.11 direct": Link(105, lambda one: wifi(one, to_ds=False), mac=MAC),
    "802.11 of four": Link(105, lambda one: wifi(one, from_ds=True, quality=b"\0\0", order=b"\0" * 4), mac=MAC),
    "802.11 aggregated": Link(105, wifi_aggregated, mac=MAC),
    "radiotap": Link(127, radiotap, mac=MAC),
    "radiotap padded": Link(127, radiotap_padded, mac=MAC),
    "prism": Link(119, lambda inner: struct.pack("<II", 0x44, 144) + b"\0" * 136 + wifi(inner), mac=MAC),
    "prism with avs": Link(119, lambda inner: struct.pack(">II", 0x80211001, 64) + b"\0" * 56 + wifi(inner), mac=MAC),
    "avs": Link(163, lambda inner: struct.pack(">II", 0x80211001, 64) + b"\0" * 56 + wifi(inner), mac=MAC),
    "ppi": Link(192, lambda inner: struct.pack("<BBHI", 0, 0, 12, 105) + b"\0" * 4 + wifi(inner), mac=MAC),
    "ppi ethernet": Link(192, lambda inner: struct.pack("<BBHI", 0, 0, 8, 1) + frame_of(inner), mac=MAC),
    "enc": Link(109, family_of("<I", b"\0" * 8), IP),
    "enc of a big host": Link(109, family_of(">I", b"\0" * 8), IP),
    "sll": Link(113, lambda inner: b"\0\0\0\1\0\6" + MAC + b"\0\0" + typed(inner), mac=MAC),
    "sll without mac": Link(113, lambda inner: b"\0\0\2\x08\0\0" + b"\0" * 8 + typed(inner)),
    "sll2": Link(276, sll2, mac=MAC),
    "pflog": Link(117, lambda inner: bytes([61, FAMILIES[inner.kind]]) + b"\0" * 62 + inner.octets, IP),
    "ipnet": Link(226, ipnet, IP),
    "nflog": Link(239, nflog, IP),
    "pktap ethernet": Link(258, lambda inner: pktap(1) + frame_of(inner), mac=MAC),
    "pktap raw": Link(149, lambda inner: pktap(12) + inner.octets, IP),
    "juniper ethernet": Link(178, lambda inner: b"MGC\x01" + frame_of(inner), mac=MAC),
    "juniper with extensions": Link(178, lambda inner: b"MGC\x81\0\6\1\1\1\4\1\1" + frame_of(inner), mac=MAC),
    "juniper without link": Link(178, behind(b"MGC\x02\2\0\0\0"), IP),
    "netanalyzer": Link(240, lambda inner: b"\0" * 4 + frame_of(inner) + b"\xfc" * 4, mac=MAC),
    "broadcom's tag": Link(281, between(b"\0\0\0\5"), mac=MAC),
    "broadcom's tag in front": Link(282, lambda inner: b"\0\0\0\5" + frame_of(inner), mac=MAC),
    "marvell's tag": Link(284, between(b"\xc0\x20\0\0"), mac=MAC),
    "marvell's tag with type": Link(285, between(b"\xda\xda\0\0\xc0\x20\0\0"), mac=MAC),
}  # fmt: skip
"""Every link type that holds IP, with the variants of its header."""

SILENT = (186, 189, 220, 249, 266, 187, 201, 251, 254, 255, 256, 190, 227, 195, 215, 230, 283, 231, 253)
"""Link types that hold no IP."""

names = st.sampled_from(list(LINKS))


def flipped(octets, places):
    """The octets with some of them changed: (where, by what)."""
    made = bytearray(octets)
    for place, by in places:
        if made:
            made[place % len(made)] ^= by
    return bytes(made)


damage = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), max_size=2)
"""Octets to flip: (where, by what)."""
