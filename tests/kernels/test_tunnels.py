"""Tunnels over links and over IP are opened, whatever they are nested in, and told by name."""

from __future__ import annotations

import struct

import pytest

from analyzer.kernels import flows as fl
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

FOUR = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(40000, 9, b"payload"), ttl=9)
SIX = fr.ipv6("fd00::1", "fd00::2", fr.UDP, fr.udp(40000, 9, b"payload"), ttl=9)
A, B = b"\x02\0\0\0\0\xaa", b"\x02\0\0\0\0\xbb"
ETHER = A + B + b"\x08\x00" + FOUR
LABEL, BOTTOM = b"\0\x01\x00\x40", b"\0\x01\x01\x40"
AUTHENTICATION = bytes([fr.UDP, 4, 0, 0]) + bytes(20)


def frame(kind, rest):
    """A frame with an ethertype."""
    return fr.MACS[0] + fr.MACS[1] + struct.pack(">H", kind) + rest


def over(proto, rest, *, six=False):
    """A frame with an IP packet of a protocol."""
    ends = ("fd00::a", "fd00::b") if six else ("192.0.2.1", "192.0.2.2")
    return fr.linked(fr.ip(*ends, proto, rest))


TUNNELS = {
    "mpls": (frame(0x8847, LABEL + BOTTOM + FOUR), "mpls"),
    "mpls with ethernet": (frame(0x8847, BOTTOM + ETHER), "mpls"),
    "mpls with a control word": (frame(0x8848, BOTTOM + bytes(4) + ETHER), "mpls"),
    "pppoe": (frame(0x8864, b"\x11\0" + struct.pack(">HH", 1, 2 + len(SIX)) + b"\0\x57" + SIX), "pppoe"),
    "pppoe with mpls": (frame(0x8864, b"\x11\0\0\x01\0\xff\x02\x81" + BOTTOM + FOUR), "pppoe>mpls"),
    "provider backbone": (frame(0x88E7, bytes(4) + ETHER), "pbb"),
    "service chain": (frame(0x894F, b"\x00\x06\x01\x03" + bytes(20) + ETHER), "nsh"),
    "macsec without encryption": (frame(0x88E5, b"\x20\0" + bytes(12) + b"\x08\x00" + FOUR + bytes(16)), "macsec"),
    "snap": (frame(8 + len(FOUR), b"\xaa\xaa\x03\0\0\0\x08\x00" + FOUR), ""),
    "llc with ip": (frame(3 + len(FOUR), b"\x06\x06\x03" + FOUR), ""),
    "gre": (over(47, b"\0\0\x08\x00" + FOUR), "gre"),
    "gre with all options": (over(47, b"\xb0\0\x86\xdd" + bytes(12) + SIX), "gre"),
    "gre with ethernet": (over(47, b"\0\0\x65\x58" + ETHER), "gre"),
    "gre with mpls": (over(47, b"\0\0\x88\x47" + BOTTOM + FOUR), "gre>mpls"),
    "pptp": (over(47, b"\x30\x81\x88\x0b" + bytes(12) + b"\xff\x03\0\x21" + FOUR), "gre"),
    "eoip": (over(47, b"\x20\x01\x64\x00" + bytes(4) + ETHER), "gre"),
    "erspan": (over(47, b"\0\0\x88\xbe" + ETHER), "erspan"),
    "erspan ii": (over(47, b"\x10\0\x88\xbe" + bytes(4) + b"\x10" + bytes(7) + ETHER), "erspan"),
    "erspan iii": (over(47, b"\x10\0\x22\xeb" + bytes(4) + b"\x20" + bytes(11) + ETHER), "erspan"),
    "erspan iii with more": (
        over(47, b"\x10\0\x22\xeb" + bytes(4) + b"\x20" + bytes(10) + b"\1" + bytes(8) + ETHER),
        "erspan",
    ),
    "erspan iii with ip": (over(47, b"\x10\0\x22\xeb" + bytes(4) + b"\x20" + bytes(9) + b"\x08\0" + FOUR), "erspan"),
    "ip in ip": (over(4, FOUR), "ipip"),
    "six in four": (over(41, SIX), "6in4"),
    "four in six": (over(4, FOUR, six=True), "ip6tnl"),
    "etherip": (over(97, b"\x30\0" + ETHER), "etherip"),
    "mpls in ip": (over(137, BOTTOM + FOUR), "mpls"),
    "authenticated": (over(51, AUTHENTICATION + FOUR[20:]), ""),
    "authenticated tunnel": (over(51, bytes([4]) + AUTHENTICATION[1:] + FOUR), "ipip"),
    "three deep": (over(47, b"\0\0\x08\x00" + fr.ipv4("1.1.1.1", "2.2.2.2", 41, SIX)), "gre>6in4"),
}  # fmt: skip


@pytest.mark.parametrize("name", TUNNELS)
def test_the_inner_packet_is_found(name):
    """One flow, of the inner packet, with its TTL and length, and what it was wrapped in."""
    octets, told = TUNNELS[name]
    sweep = swept([Shot(0, octets)])
    flows = finish(sweep.tables)
    assert flows.tunnel.tolist() == [told]
    assert {int(flows.orig_p[0]), int(flows.resp_p[0])} == {40000, 9}
    inner = len(SIX) if flows.ip_version[0] == 6 else len(FOUR)
    assert flows.orig_octets[0] == (inner if name != "authenticated" else inner + 24)
    assert flows.orig_frame_octets[0] == len(octets)
    assert flows.orig_ttl[0] == (9 if name != "authenticated" else 64)


@pytest.mark.parametrize(
    "name", [name for name, (octets, _) in TUNNELS.items() if octets[12:14] in (b"\x08\0", b"\x86\xdd")]
)
def test_a_tunnel_that_is_cut_belongs_to_the_outer_flow(name):
    """Where the inner header is not whole, the frame is one of the packet that carries it."""
    octets, _ = TUNNELS[name]
    if name == "authenticated":
        return
    begin = max(octets.rfind(FOUR[:12]), octets.rfind(SIX[:12]))
    flows = finish(swept([Shot(0, octets[: begin + 15], len(octets))]).tables)
    assert [str(end) for end in flows.orig_h] in (["192.0.2.1"], ["fd00::a"], ["1.1.1.1"])
    assert set(flows.proto.tolist()) <= {4, 41, 47, 97, 137}


def test_what_is_not_open_is_no_ip():
    """MACsec that encrypts is counted as such; a routed GRE, a pseudowire's channel and CLNP are not opened."""
    encrypted = swept([Shot(0, frame(0x88E5, b"\x2c\0" + bytes(12) + FOUR))])
    assert (encrypted.counter(fl.ENCRYPTED), encrypted.counter(fl.FLOWS)) == (1, 0)
    for octets in (
        frame(0x8847, BOTTOM + b"\x10" + FOUR),
        frame(60, b"\xfe\xfe\x03" + FOUR),
        frame(0x8847, LABEL * 17),
    ):
        sweep = swept([Shot(0, octets)])
        assert (sweep.counter(fl.NOT_IP), sweep.counter(fl.FLOWS)) == (1, 0)
    routed = swept([Shot(0, over(47, b"\x40\0\x08\x00" + bytes(8) + FOUR))])
    assert finish(routed.tables).proto.tolist() == [47]
