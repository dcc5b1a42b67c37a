"""Every link type's header is taken off, its source address kept, and what holds no IP said to."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import flows as fl
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

FOUR = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(40000, 9, b"payload"))
SIX = fr.ipv6("fd00::1", "fd00::2", fr.UDP, fr.udp(40000, 9, b"payload"))
A, B = b"\x02\0\0\0\0\xaa", b"\x02\0\0\0\0\xbb"
ETHER = A + B + b"\x08\x00" + FOUR
SNAP = b"\xaa\xaa\x03\0\0\0\x08\x00" + FOUR


LINKS = {
    "ppp": (9, b"\xff\x03\x00\x21" + FOUR, b""),
    "ppp, compressed": (9, b"\x21" + FOUR, b""),
    "ppp, six": (50, b"\xff\x03\x00\x57" + SIX, b""),
    "ppp that is cisco's": (50, b"\x0f\x00\x08\x00" + FOUR, b""),
    "ppp with direction": (204, b"\x01\xff\x03\x00\x21" + FOUR, b""),
    "pppd": (166, b"\x01\x03\x00\x21" + FOUR, b""),
    "pppoe": (51, b"\x11\x00" + struct.pack(">HH", 1, len(FOUR) + 2) + b"\x00\x21" + FOUR, b""),
    "cisco": (104, b"\x0f\x00\x08\x00" + FOUR, b""),
    "cisco with direction": (205, b"\x01\x0f\x00\x86\xdd" + SIX, b""),
    "frame relay": (107, b"\x18\x41\x03\xcc" + FOUR, b""),
    "frame relay, padded snap": (107, b"\x18\x41\x03\x00\x80\0\0\0\x08\x00" + FOUR, b""),
    "frame relay, bridged": (107, b"\x18\x41\x03\x00\x80\0\x80\xc2\0\x07" + ETHER, B),
    "frame relay, four octets": (107, b"\x18\x40\x40\x41\x03\x8e" + SIX, b""),
    "frame relay, cisco": (107, b"\x18\x41\x08\x00" + FOUR, b""),
    "frame relay with direction": (206, b"\0\x18\x41\x03\xcc" + FOUR, b""),
    "frame relay, ppp": (107, b"\x18\x41\x03\xcf\x00\x21" + FOUR, b""),
    "multilink frame relay": (182, b"\xc0\0\x18\x41\x03\xcc" + FOUR, b""),
    "token ring": (6, b"\x10\x40" + A + B + SNAP, B),
    "token ring, routed": (6, b"\x10\x40" + A + b"\x82" + B[1:] + b"\x02\0" + SNAP, b""),
    "fddi": (10, b"\x50" + A + B + SNAP, B),
    "arcnet": (7, b"\x01\x02\xd4\x00\0\0" + FOUR, b""),
    "arcnet, exception": (7, b"\x01\x02\xd4\xff\0\0\xff\0\0\0" [:7] + b"\x00\0\0" + FOUR, b""),
    "arcnet, old": (7, b"\x01\x02\xf0" + FOUR, b""),
    "arcnet of linux": (129, b"\x01\x02\0\0\xd4\x00\0\0" + FOUR, b""),
    "fibre channel": (122, bytes(16) + SNAP, b""),
    "atm": (100, SNAP, b""),
    "atm, bridged": (100, b"\xaa\xaa\x03\0\x80\xc2\0\x07\0\0" + ETHER, B),
    "classical ip": (106, FOUR, b""),
    "sunatm": (123, b"\x02\0\0\0" + SNAP, b""),
    "slip": (8, bytes(16) + FOUR, b""),
    "slip of bsd/os": (102, bytes(24) + FOUR, b""),
    "enc": (109, struct.pack("<I", 2) + bytes(8) + FOUR, b""),
    "pflog": (117, b"\x3d\x02" + bytes(62) + FOUR, b""),
    "ipnet": (226, b"\x01\x1a" + bytes(22) + SIX, b""),
    "nflog": (239, b"\x02\0\0\0" + b"\x05\0\x0a\0x\0\0\0" + struct.pack("<HH", 4 + len(FOUR), 9) + FOUR, b""),
    "pktap": (258, struct.pack("<III", 12, 1, 1) + ETHER, B),
    "pktap, raw": (258, struct.pack("<III", 12, 1, 12) + FOUR, b""),
    "netanalyzer": (240, bytes(4) + ETHER + b"fcs!", B),
    "broadcom": (281, A + B + b"tag!" + b"\x08\x00" + FOUR, B),
    "broadcom in front": (282, b"tag!" + ETHER, B),
    "dsa": (284, A + B + b"tag!" + b"\x08\x00" + FOUR, B),
    "edsa": (285, A + B + b"\xda\xdaatag!!" + b"\x08\x00" + FOUR, B),
    "juniper": (178, b"MGC\x00" + ETHER, B),
    "juniper with extensions": (178, b"MGC\x80\x00\x04ext!" + ETHER, B),
    "juniper without ethernet": (178, b"MGC\x02type" + FOUR, b""),
    "experimental ethernet": (2, b"\x01\x02\x08\x00" + FOUR, b""),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
def test_the_packet_on_the_link_is_found(name):
    """One flow with the packet's ports, and the sender's hardware address where the link tells it."""
    link, octets, mac = LINKS[name]
    sweep = swept([Shot(0, octets)], link=link)
    assert sweep.counter(fl.FLOWS) == 1
    flow = sweep.tables.flows[0]
    assert {int(flow["a_port"]), int(flow["b_port"])} == {40000, 9}
    assert int(sweep.tables.sides["payload"][:2].sum()) == len(b"payload")
    assert int(sweep.tables.sides["mac"][:2].sum()) == int.from_bytes(mac, "big")


@pytest.mark.parametrize("name", LINKS)
def test_a_header_that_is_cut_off_gives_no_flow(name):
    """Cut anywhere before the packet's own header ends, a frame belongs to no flow and is counted once."""
    link, octets, _ = LINKS[name]
    for end in range(max(octets.find(FOUR[:12]), octets.find(SIX[:12])) + 19):
        sweep = swept([Shot(0, octets[:end], len(octets))], link=link)
        assert sweep.counter(fl.FLOWS) == 0
        assert sum(sweep.counter(which) for which in (fl.NOT_IP, fl.UNDECODED, fl.ENCRYPTED, fl.UNKNOWN_LINK)) == 1


NO_IP = {
    "usb": (220, FOUR, fl.NOT_IP),
    "bluetooth": (201, FOUR, fl.NOT_IP),
    "can": (227, FOUR, fl.NOT_IP),
    "a link of nobody's": (9999, FOUR, fl.UNKNOWN_LINK),
    "link control": (9, b"\xff\x03\xc0\x21" + FOUR, fl.NOT_IP),
    "ppp's discovery": (51, b"\x11\x09" + bytes(4) + FOUR, fl.NOT_IP),
    "an arcnet fragment": (7, b"\x01\x02\xd4\x03\0\0" + FOUR, fl.NOT_IP),
    "another firewall's log": (117, b"\x3d\x11" + bytes(62) + FOUR, fl.NOT_IP),
}


@pytest.mark.parametrize("name", NO_IP)
def test_what_holds_no_ip_is_said_to(name):
    """It is counted under its reason, and no flow is made of it."""
    link, octets, counter = NO_IP[name]
    sweep = swept([Shot(0, octets)], link=link)
    assert (sweep.counter(fl.FLOWS), sweep.counter(counter)) == (0, 1)


@given(st.sampled_from(sorted({link for link, _, _ in LINKS.values()})), st.binary(max_size=120))
def test_any_octets_on_any_link_are_read_within_bounds(link, octets):
    """Each frame is either a packet of a flow, a fragment that waits, or counted for its reason."""
    sweep = swept([Shot(0, octets)], link=link)
    lost = (fl.NOT_IP, fl.UNDECODED, fl.ENCRYPTED, fl.UNKNOWN_LINK)
    assert sum(map(sweep.counter, lost)) + (sweep.counter(fl.FLOWS) > 0) + (sweep.counter(fl.FRAGMENTS) > 0) >= 1
