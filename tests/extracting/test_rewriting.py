"""Frames in disguise, held against scapy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, GRE, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from analyzer.extracting.disguise import Disguise
from analyzer.extracting.rewriting import Rewriter

DISGUISE = Disguise(b"key", ())
MACS = {"src": "00:16:3e:00:00:10", "dst": "00:16:3e:00:00:20"}
HOSTS = {"src": "10.7.0.10", "dst": "10.7.0.21"}
SECRET = b"password=hunter2"
SEGMENT = TCP(sport=40000, dport=443, seq=5, flags="PA") / Raw(SECRET)


def zeroed(carried):
    """Nothing of a payload."""
    return bytes(len(carried.octets))


def rewritten(packet, link_type=1):
    """A frame's octets in disguise."""
    return Rewriter(DISGUISE, zeroed).frame(link_type, bytes(packet))


def checksums(octets, kind=Ether):
    """The checksums of all layers, and those that scapy would have written."""
    layer, wanted = kind(octets), kind(octets)
    found = []
    for packet in (layer, wanted):
        held = packet
        while held:
            if packet is wanted and hasattr(held, "chksum") and not isinstance(held, GRE):
                del held.chksum
            held = held.payload
    made = kind(bytes(wanted))
    while layer:
        if hasattr(layer, "chksum") and not isinstance(layer, GRE):
            found.append((layer.name, layer.chksum, made.chksum))
        layer, made = layer.payload, made.payload
    return found


@pytest.mark.parametrize(
    "packet",
    [
        Ether(**MACS) / IP(**HOSTS) / SEGMENT,
        Ether(**MACS) / Dot1Q(vlan=7) / IP(**HOSTS) / SEGMENT,
        Ether(**MACS) / IP(**HOSTS) / UDP(sport=9999, dport=7) / Raw(SECRET),
        Ether(**MACS) / IPv6(src="fd00::10", dst="fd00::20") / SEGMENT,
        Ether(**MACS) / IP(**HOSTS) / GRE() / IP(**HOSTS) / SEGMENT,
        Ether(**MACS) / IP(**HOSTS) / IP(**HOSTS) / SEGMENT,
        Ether(**MACS) / IP(**HOSTS) / UDP(sport=1, dport=4789) / VXLAN(vni=1) / Ether(**MACS) / IP(**HOSTS) / SEGMENT,
        Ether(**MACS) / IP(**HOSTS) / ICMP(type=8) / Raw(SECRET),
    ],
)
def test_checksums_are_right(packet):
    """As scapy computes them, and nothing of the payload, the addresses or the MACs is left."""
    made = rewritten(packet)
    assert len(made) == len(bytes(packet))
    assert [(name, found) for name, found, _ in checksums(made)] == [
        (name, made_) for name, _, made_ in checksums(made)
    ]
    for gone in (SECRET, bytes([10, 7, 0, 10]), bytes([10, 7, 0, 21]), bytes.fromhex("00163e0000")):
        assert gone not in made
    assert b"hunter" not in made
    for host in (bytes([10, 7, 0, 10]), bytes([10, 7, 0, 21])):
        assert made.count(DISGUISE.address(host)) == bytes(packet).count(host)


def test_a_wrong_checksum_stays_wrong_and_a_partial_one_partial():
    """What a card was to fill in is the sum over the addresses; scapy's own is neither."""
    whole = Ether(bytes(Ether(**MACS) / IP(**HOSTS) / SEGMENT))
    whole[TCP].chksum ^= 0x0101
    (_, ip_found, ip_made), (_, found, made) = checksums(rewritten(whole))[-2:]
    assert ip_found == ip_made
    assert found != made
    octets = bytes(Ether(**MACS) / IP(**HOSTS) / SEGMENT)
    pseudo = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(26, 34, 2)) + 6 + len(octets) - 34
    whole[TCP].chksum = pseudo % 0xFFFF
    octets = rewritten(whole)
    pseudo = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(26, 34, 2)) + 6 + len(octets) - 34
    assert Ether(octets)[TCP].chksum == pseudo % 0xFFFF


def test_arp_and_neighbours_are_in_disguise():
    """Addresses and MACs in what asks for them, the same as elsewhere."""
    made = Ether(rewritten(Ether(**MACS) / ARP(hwsrc=MACS["src"], psrc="10.7.0.10", pdst="10.7.0.21")))
    address = DISGUISE.address(bytes([10, 7, 0, 10]))
    assert made[ARP].psrc == ".".join(map(str, address))
    assert made[ARP].hwsrc == made.src
    asked = IPv6(src="fe80::1", dst="ff02::1:ff00:2") / ICMPv6ND_NS(tgt="fe80::2")
    packet = Ether(src=MACS["src"], dst="33:33:ff:00:00:02") / asked / ICMPv6NDOptSrcLLAddr(lladdr=MACS["src"])
    made = Ether(rewritten(packet))
    assert made[ICMPv6NDOptSrcLLAddr].lladdr == made.src
    assert made.dst[-8:].replace(":", "") == bytes(made)[51:54].hex()
    assert made[ICMPv6ND_NS].tgt.startswith("fe80::")


@pytest.mark.parametrize("cut", [None, 14, 40])
@pytest.mark.parametrize("tags", [Dot1Q(vlan=7), Dot1Q(vlan=7) / Dot1Q(vlan=8), Raw()])
def test_a_group_by_its_mac_is_that_of_its_address(tags, cut):
    """Behind tags, and where the address is cut off; what is left of a neighbour's serial number is none."""
    head = Ether(src=MACS["src"], dst="33:33:ff:aa:bb:cc")
    made = rewritten(bytes(head / tags / IPv6(dst="ff02::1:ffaa:bbcc") / ICMPv6ND_NS(tgt="fe80::2"))[:cut])
    group = DISGUISE.address(bytes.fromhex("ff0200000000000000000001ffaabbcc"))
    assert made[:6] == b"\x33\x33" + group[12:]
    assert bytes.fromhex("aabbcc") not in made
    assert made[:6] == DISGUISE.mac(bytes.fromhex("3333ffaabbcc"))


@pytest.mark.parametrize(("link_type", "head"), [(113, 6), (276, 12)])
@pytest.mark.parametrize("sender", ["00163e000010", "cb007107", "fd12345678900001", ""])
def test_of_a_cooked_frame_the_sender_is_another(link_type, head, sender):
    """A MAC, the address of a tunnel's end; of others nothing (the ends of tunnels over IPv6 are cut)."""
    octets = bytes.fromhex(sender)
    packet = bytes(IP(**HOSTS) / SEGMENT)
    about = b"\0\0\3\x0a\0" + bytes([len(octets)]) if head == 6 else b"\x08\0" + bytes(9) + bytes([len(octets)])
    made = rewritten(about + octets.ljust(8, b"\x77") + (b"\x08\0" if head == 6 else b"") + packet, link_type)
    kept = {6: DISGUISE.mac, 4: DISGUISE.address}.get(len(octets), lambda _: b"")(octets)
    assert made[:head] == about
    assert made[head : head + 8] == kept.ljust(8, b"\0")
    assert made[-len(packet) :] == rewritten(packet, 101)


@pytest.mark.parametrize(
    ("head", "group", "kept"),
    [
        (b"\x16\0\0\0", "efff0001", "efff0001"),
        (b"\x13\1\0\0", "0a070015", DISGUISE.address(bytes([10, 7, 0, 21])).hex()),
        (b"\x22\0\0\0", "00000001", "00000001"),
    ],
)
def test_groups_stay_and_neighbours_of_routers_are_others(head, group, kept):
    """What IGMP says of a group, and DVMRP of a neighbour; what follows is gone, and the check sum is right."""
    octets = head + bytes.fromhex(group) + b"\4\0\0\1" + bytes([10, 7, 0, 10])

    def total(message):
        return sum(int.from_bytes(message[at : at + 2], "big") for at in range(0, len(message), 2)) % 0xFFFF

    octets = head[:2] + (0xFFFF - total(octets)).to_bytes(2, "big") + octets[4:]
    made = rewritten(IP(**HOSTS, proto=2) / Raw(octets), 101)[20:]
    assert (made[:2], made[4:]) == (head[:2], bytes.fromhex(kept) + bytes(8))
    assert total(octets) == total(made) == 0


def test_a_quoted_packet_is_in_disguise():
    """What an error is about: its addresses and ports, no payload."""
    quoted = IP(**HOSTS) / SEGMENT
    made = Ether(rewritten(Ether(**MACS) / IP(**HOSTS) / ICMP(type=3, code=13) / quoted))
    assert made["IPerror"].src == made[IP].src
    assert made["TCPerror"].sport == 40000
    assert SECRET not in bytes(made)


def test_what_is_not_read_is_not_kept():
    """Other EtherTypes, trailers, later fragments; of another link type nothing at all."""
    assert rewritten(Ether(**MACS, type=0x88CC) / Raw(SECRET)).endswith(bytes(len(SECRET)))
    assert rewritten(bytes(Ether(**MACS) / IP(**HOSTS) / TCP()) + SECRET).endswith(bytes(len(SECRET)))
    assert SECRET not in rewritten(Ether(**MACS) / IP(**HOSTS, frag=3, proto=6) / Raw(SECRET))
    assert SECRET not in rewritten(Ether(**MACS) / IP(**HOSTS, flags="MF") / UDP(dport=53) / Raw(SECRET))
    assert rewritten(Raw(SECRET), 147) == b""


def test_a_payload_is_somebody_elses_choice():
    """It is asked for with the ends of its packet."""
    seen = []

    def kept(carried):
        seen.append((carried.proto, carried.src, carried.sport, carried.dport, carried.octets))
        return carried.octets

    packet = Ether(**MACS) / IP(**HOSTS) / UDP(sport=4, dport=53) / DNS()
    made = Rewriter(DISGUISE, kept).frame(1, bytes(packet))
    assert seen == [(17, bytes([10, 7, 0, 10]), 4, 53, bytes(packet[DNS]))]
    assert made.endswith(bytes(packet[DNS]))


@pytest.mark.parametrize("port", [4789, 6081])
def test_what_only_goes_to_a_tunnels_port_is_a_payload(port):
    """Where it does not begin as one."""
    made = rewritten(Ether(**MACS) / IP(**HOSTS) / UDP(sport=1, dport=port) / Raw(SECRET * 4))
    assert made[42:] == bytes(4 * len(SECRET))


def test_options_of_tcp_that_say_more_are_padding():
    """Sizes and times stay, addresses of other paths and keys do not; a lying length ends it."""
    options = b"\2\4\5\xb4\x1e\x08\x30\1" + bytes([10, 7, 0, 10]) + b"\1\3\3\7" + b"\xfe\x30\x11\x22"
    head = bytes(TCP(dport=443))
    octets = head[:12] + bytes([(20 + len(options)) // 4 << 4]) + head[13:] + options
    made = rewritten(IP(**HOSTS, proto=6) / Raw(octets), 101)[40:]
    assert made == b"\2\4\5\xb4" + b"\1" * 9 + b"\3\3\7" + b"\1" * 4


@given(st.sampled_from([1, 101, 113, 276, 0, 228, 229, 147]), st.binary(max_size=120))
def test_any_octets_are_as_many_afterwards(link_type, octets):
    """Whatever they are, nothing is raised."""
    assert len(Rewriter(DISGUISE, zeroed).frame(link_type, octets)) in (len(octets), 0)


@given(st.binary(max_size=120), st.sampled_from(["0800", "86dd", "0806", "8864", "8847", "6558", "8100"]))
def test_any_octets_behind_a_type_are_as_many_afterwards(octets, kind):
    """Whatever they are, nothing is raised."""
    frame = bytes(12) + bytes.fromhex(kind) + octets
    assert len(Rewriter(DISGUISE, zeroed).frame(1, frame)) == len(frame)


@given(st.binary(max_size=90), st.sampled_from([1, 2, 4, 6, 17, 41, 44, 47, 58]))
def test_any_octets_in_a_packet_are_as_many_afterwards(octets, proto):
    """Whatever they are, nothing is raised."""
    for packet in (IP(**HOSTS, proto=proto) / Raw(octets), IPv6(src="fd00::1", nh=proto) / Raw(octets)):
        assert len(rewritten(packet, 101)) == len(bytes(packet))
