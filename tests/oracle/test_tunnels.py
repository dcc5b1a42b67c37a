"""What is wrapped in what is told alike by the oracle, the kernels, and the builder of the frame."""

from __future__ import annotations

import struct

import pytest

from tests.builders import frames as fr
from tests.builders import links, tunnels
from tests.builders.captures import Shot
from tests.oracle.readers import READERS, ends, rows, seen

HOME, AWAY = "10.0.0.1", "10.0.0.2"
SYN = fr.ipv4(HOME, AWAY, fr.TCP, fr.tcp(40000, 443, flags=fr.SYN, seq=5))
SIX = fr.ipv6("2001:db8::1", "2001:db8::2", fr.UDP, fr.udp(40000, 9, b"six"))
INNER = (fr.TCP, frozenset({(HOME, 40000), (AWAY, 443)}))
ARP = tunnels.ethernet(tunnels.Carried(0x0806, b"\0" * 28))

readers = pytest.mark.parametrize("reader", READERS)


def framed(packet):
    """An IP packet on Ethernet."""
    return tunnels.ethernet(tunnels.carried(packet), links.MAC).octets


def of(proto, body):
    """An IP packet of a protocol on Ethernet."""
    return framed(fr.ipv4("192.0.2.1", "192.0.2.2", proto, body))


def datagram(port, payload, sport=50000):
    """A datagram on Ethernet."""
    return of(fr.UDP, fr.udp(sport, port, payload))


@readers
@pytest.mark.parametrize("name", tunnels.NAMES)
def test_a_packet_is_found_in_every_tunnel(reader, name):
    """The connection in a tunnel is a flow; the datagrams of a UDP tunnel are another, which is named for it."""
    inner = tunnels.wrapped(SYN, [name])
    octets, mac = links.LINKS["ethernet"].frame(inner)
    found = seen(reader, [octets])
    assert [ends(found, k) for k in range(found.flows.proto.size)][-1] == INNER
    assert found.flows.service[:-1].tolist() == [flow[4] for flow in inner.outer]
    assert rows(found, "tunnel", "orig_octets", "orig_frame_octets", "orig_packets")[-1] == (
        ">".join(inner.tunnel), len(SYN), len(octets), 1,
    )  # fmt: skip
    assert found.flows.orig_mac[-1] == ":".join(f"{octet:02x}" for octet in mac)
    assert rows(found, "tunnel", "orig_octets", "orig_mac", "orig_payload_octets")[:-1] == [
        ("", len(inner.octets), "02:11:22:33:44:55", len(inner.octets) - (48 if flow[0].startswith("fd") else 28))
        for flow in inner.outer
    ]


@readers
def test_at_most_four_tunnels_are_named(reader):
    """The names of what is around a packet are told from the outside, the fifth and later ones not."""
    nest = ["pppoe", "mpls", "gre", "ip_in_ip6", "etherip"]
    octets, _ = links.LINKS["ethernet"].frame(tunnels.wrapped(SYN, nest))
    found = seen(reader, [octets])
    assert rows(found, "tunnel") == [("pppoe>mpls>gre>ip6tnl",)]


@readers
def test_at_most_four_udp_tunnels_are_opened(reader):
    """The fifth VXLAN within VXLAN is a datagram like any other."""
    octets, _ = links.LINKS["ethernet"].frame(tunnels.wrapped(SYN, ["vxlan"] * 5))
    found = seen(reader, [octets])
    assert rows(found, "proto", "service", "tunnel") == [
        (fr.UDP, "vxlan" if depth < 4 else "", ">".join(["vxlan"] * depth)) for depth in range(5)
    ]


@readers
@pytest.mark.parametrize(("depth", "proto"), [(15, fr.TCP), (16, 4)])
def test_sixteen_headers_are_opened(reader, depth, proto):
    """Of seventeen IP headers within each other the sixteenth names the flow."""
    packet = SYN
    for level in range(depth):
        packet = fr.ipv4(f"192.0.2.{level}", "192.0.2.99", 4, packet)
    assert rows(seen(reader, [framed(packet)]), "proto") == [(proto,)]


@readers
def test_the_outermost_tag_and_the_innermost_address_are_kept(reader):
    """A flow in VXLAN has the VLAN of the outer frame and the MAC of the inner one."""
    inner = tunnels.ethernet(tunnels.carried(SYN), links.OTHERS[1], (7,))
    outer = tunnels.vxlan(inner, 2)
    octets = tunnels.ethernet(outer, links.MAC, (5, 6)).octets
    plain = tunnels.ethernet(outer, links.MAC).octets
    found = seen(reader, [octets])
    assert rows(found, "vlan", "orig_mac") == [(5, "02:11:22:33:44:55"), (5, "02:00:00:00:00:02")]
    assert rows(seen(reader, [plain]), "vlan", "orig_mac") == [(-1, "02:11:22:33:44:55"), (7, "02:00:00:00:00:02")]


@readers
def test_what_a_tunnel_holds_besides_ip_leaves_no_trace(reader):
    """ARP in GRE is the GRE flow's, with the outer frame's MAC, no VLAN and no tunnel name."""
    inner = tunnels.ethernet(tunnels.Carried(0x0806, b"\0" * 28), links.OTHERS[1], (7,))
    found = seen(reader, [framed(tunnels.gre(inner, 2).octets), framed(tunnels.vxlan(inner, 2).octets)])
    assert rows(found, "proto", "vlan", "orig_mac", "tunnel", "service") == [
        (47, -1, "02:11:22:33:44:55", "", ""), (fr.UDP, -1, "02:11:22:33:44:55", "", "vxlan"),
    ]  # fmt: skip
    assert (found.quality.non_ip_frames, found.quality.undecoded_frames) == (0, 0)


@readers
def test_tags_may_stand_wherever_an_ethertype_does(reader):
    """A tag behind SNAP and one as the protocol of GRE are passed over."""
    tagged = struct.pack(">HH", 7, 0x0800) + SYN
    made = [
        links.OTHERS[0] + links.MAC + b"\0\x99" + links.SNAP + b"\x81\0" + tagged,
        of(47, b"\0\0\x81\0" + tagged),
    ]
    found = seen(reader, made)
    assert rows(found, "proto", "vlan", "orig_packets") == [(fr.TCP, 7, 2)]


GRE = b"\0\0\x08\0"


@readers
@pytest.mark.parametrize(
    ("proto", "body"),
    [
        (47, b"\x40\0\x08\0" + b"\0" * 4 + SYN),
        (47, b"\0\2\x08\0" + SYN),
        (47, b"\0\1\x08\0" + SYN),
        (47, b"\0\1\x88\x0b" + b"\0\x21" + SYN),
        (47, b"\0\0\0\0"),
        (47, b"\0\0\x20\1" + SYN),
        (47, GRE + SYN[:19]),
        (47, b"\0\0\x08"),
        (47, b"\x10\0\x88\xbe" + b"\0" * 4 + b"\x20" + b"\0" * 7 + framed(SYN)),
        (47, b"\x10\0\x22\xeb" + b"\0" * 4 + b"\x20" + b"\0" * 9 + b"\x1c\0" + framed(SYN)),
        (47, b"\0\0\x88\xe5\x0c\0" + b"\0" * 40),
        (97, b"\x20\0" + framed(SYN)),
        (97, b"\x30\0" + framed(SYN)[:13]),
        (137, b"\0\0\0\0" * 17 + SYN),
        (137, b"\0\1\1\0" + b"\x10\0\0\x21" + SYN),
        (4, SIX),
        (41, SYN),
        (4, b""),
    ],
)
def test_what_is_no_whole_packet_in_a_tunnel_belongs_to_the_packet_around_it(reader, proto, body):
    """A wrong or short header in a tunnel over IP leaves the frame to the outer IP packet's flow."""
    found = seen(reader, [of(proto, body)])
    assert rows(found, "proto", "orig_h", "tunnel", "orig_payload_octets") == [(proto, "192.0.2.1", "", len(body))]
    assert found.quality.undecoded_frames == found.quality.non_ip_frames == found.quality.encrypted_frames == 0


@readers
@pytest.mark.parametrize(
    ("port", "payload"),
    [
        (4789, b"\0\0\0\0\0\0\7\0" + framed(SYN)),
        (4789, b"\x08\0\0\0\0\0\7\0" + framed(SYN)[:13]),
        (4790, b"\x08\0\0\1\0\0\7\0" + SYN),
        (4790, b"\x1c\0\0\1\0\0\7\0" + SYN),
        (4790, b"\x0c\0\0\1\0\0\7\0" + SIX),
        (6081, b"\x40\0\x65\x58\0\0\7\0" + framed(SYN)),
        (6081, b"\0\0\x08\6\0\0\7\0" + ARP.octets),
        (6081, b"\x3f\0\x65\x58\0\0\7\0" + framed(SYN)),
        (2152, b"\x30\x01" + b"\0" * 6 + SYN),
        (2152, b"\x50\xff" + b"\0" * 6 + SYN),
        (2152, b"\x34\xff" + b"\0" * 9 + b"\x85\0" + SYN),
        (2152, b"\x30\xff" + b"\0" * 6 + SYN[:-1]),
        (2152, b"\x30\xff" + b"\0" * 6 + b"\x44" + SYN[1:]),
        (3544, SYN),
        (3544, SIX[:-1]),
        (3544, b"\0\0" + b"\1" * 6 + SIX[:39]),
        (1701, b"\xc8\2" + b"\0" * 40),
        (1701, b"\0\3\0\1\0\2\0\x21" + SYN),
        (1701, b"\0\2\0\1\0\2\xc0\x21\1\1\0\4"),
        (6635, b"\0\1\1\0" + b"\x10\0\0\x21" + SYN),
        (9, b"\x08\0\0\0\0\0\7\0" + framed(SYN)),
    ],
)
def test_what_is_not_plausible_in_a_tunnel_is_a_datagram_like_any_other(reader, port, payload):
    """A wrong header, or something behind it that cannot be what the header says, is no tunnel."""
    found = seen(reader, [datagram(port, payload)])
    assert rows(found, "proto", "resp_p", "tunnel", "orig_payload_octets") == [(fr.UDP, port, "", len(payload))]
    assert found.flows.service[0] not in {"vxlan", "geneve", "gtpu", "teredo", "l2tp", "mpls"}


@readers
def test_a_tunnels_name_is_the_service_whatever_else_a_flow_carries(reader):
    """A flow with one opened datagram is the tunnel's, and what it carried is no message of its own."""
    echo = datagram(2152, b"\x32\x01\0\4\0\0\0\0\0\0\0\0")
    data = datagram(2152, b"\x30\xff\0\x28\0\0\0\1" + SYN)
    found = seen(reader, [echo, data, data])
    assert rows(found, "service", "certainty", "orig_packets") == [("gtpu", "payload", 3), ("", "", 2)]


@readers
@pytest.mark.parametrize(
    ("kind", "octets", "lack"),
    [
        (0x88E5, b"\x0c\0\0\0\0\1" + b"\xaa" * 40, "encrypted_frames"),
        (0x88E5, b"\x04\0\0\0\0\1" + b"\xaa" * 40, "encrypted_frames"),
        (0x88E5, b"\x80\0\0\0\0\1\x08\0" + SYN, "non_ip_frames"),
        (0x88E5, b"\0\0\0\0\0\1\x08\6" + b"\0" * 28, "non_ip_frames"),
        (0x88E5, b"\x0c\0\0", "undecoded_frames"),
        (0x8864, b"\x21\0\0\1\0\x2a\0\x21" + SYN, "non_ip_frames"),
        (0x8864, b"\x11\0\0\1\0\6\xc0\x21\1\1\0\4", "non_ip_frames"),
        (0x8864, b"\x11\0\0\1\0\x16\0\x21" + SYN, None),
        (0x8864, b"\x11\0\0\1\0\x14\0\x21" + SYN, "undecoded_frames"),
        (0x8847, b"\0\1\1\0", "undecoded_frames"),
        (0x8847, b"\0\1\0\0" * 16 + SYN, "non_ip_frames"),
        (0x8847, b"\0\1\0\0" * 15 + b"\0\1\1\0" + SYN, None),
        (0x8847, b"\0\1\1\0\x10\0\0\x21" + SYN, "non_ip_frames"),
        (0x88E7, b"\0\0\0\5" + ARP.octets, "non_ip_frames"),
        (0x88E7, b"\0\0\0\5" + ARP.octets[:12], "undecoded_frames"),
        (0x894F, b"\x4f\xc2\1\1" + b"\0" * 4 + SYN, "non_ip_frames"),
        (0x894F, b"\x0f\xc1\1\1" + SYN, "non_ip_frames"),
        (0x894F, b"\x0f\xc2\1\6" + b"\0" * 4 + SYN, "non_ip_frames"),
        (0x880B, b"\xff\x03\x21" + SYN, None),
        (0x6558, framed(SYN), None),
        (0x88BE, framed(SYN), "non_ip_frames"),
        (0x8863, b"\x11\x09\0\0\0\4\1\1\0\0", "non_ip_frames"),
    ],
)
def test_what_is_around_a_packet_on_a_link_is_read_or_counted(reader, kind, octets, lack):
    """Where no IP packet is reached on a link, the frame is counted by the reason."""
    quality = seen(reader, [tunnels.ethernet(tunnels.Carried(kind, octets)).octets]).quality
    names = ("encrypted_frames", "non_ip_frames", "undecoded_frames")
    assert [name for name in names if getattr(quality, name)] == ([lack] if lack else [])


@readers
def test_authentication_headers_are_passed_over(reader):
    """The connection behind an AH (RFC 4302) is a flow in IPv4 as in IPv6; a cut AH is no whole header."""
    body = bytes([fr.TCP, 4]) + b"\0" * 22 + SYN[20:]
    found = seen(reader, [of(51, body), Shot(9, of(51, body)[:40], 80)])
    assert rows(found, "proto", "orig_p", "resp_p", "tunnel") == [(fr.TCP, 40000, 443, "")]
    assert found.quality.undecoded_frames == 1


@readers
def test_an_error_in_a_tunnel_names_the_flow_that_it_quotes(reader):
    """An ICMP error is read where it is found, and the packet that it quotes is looked for as it stands."""
    error = fr.ipv4(AWAY, HOME, fr.ICMP, fr.icmp(3, 13, payload=SYN[:28]))
    made = [tunnels.wrapped(packet, ["geneve"]) for packet in (SYN, error)]
    found = seen(reader, [links.LINKS["ethernet"].frame(one)[0] for one in made])
    assert rows(found, "proto", "service") == [(fr.UDP, "geneve"), (fr.TCP, ""), (fr.ICMP, "")]
    assert found.icmp.quoted_flow.tolist() == [1]
    assert found.icmp.flow.tolist() == [2]
