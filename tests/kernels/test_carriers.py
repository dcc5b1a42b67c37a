"""Tunnels over UDP: two flows, where the payload bears out what the port says, else one."""

from __future__ import annotations

import struct

import pytest

from analyzer.kernels.tunnels import NAMES
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

FOUR = fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(40000, 9, b"payload"))
SIX = fr.ipv6("fd00::1", "fd00::2", fr.UDP, fr.udp(40000, 9, b"payload"))
ETHER = b"\x02\0\0\0\0\xaa\x02\0\0\0\0\xbb\x08\x00" + FOUR
VNI = b"\x08\0\0\0\0\0\x2a\0"

CARRIERS = {
    "vxlan": (4789, VNI + ETHER, "vxlan"),
    "vxlan of old linux": (8472, VNI + ETHER, "vxlan"),
    "vxlan with a group policy": (4789, b"\x88" + VNI[1:] + ETHER, "vxlan"),
    "vxlan-gpe": (4790, b"\x0c\0\0\x01\0\0\x2a\0" + FOUR, "vxlan"),
    "geneve": (6081, b"\x01\0\x65\x58\0\0\x2a\0opts" + ETHER, "geneve"),
    "geneve with ip": (6081, b"\0\0\x86\xdd\0\0\x2a\0" + SIX, "geneve"),
    "gtp": (2152, b"\x30\xff" + struct.pack(">HI", len(FOUR), 7) + FOUR, "gtpu"),
    "gtp with an extension": (2152, b"\x34\xff\0\0\0\0\0\7\0\0\0\x85\x01\0\0\0" + FOUR, "gtpu"),
    "teredo": (3544, SIX, "teredo"),
    "teredo with indications": (3544, b"\0\1\0\0" + bytes(9) + b"\0\0" + bytes(6) + SIX, "teredo"),
    "l2tp": (1701, b"\0\x02\0\1\0\1\xff\x03\0\x21" + FOUR, "l2tp"),
    "l2tp with all": (1701, b"\x4a\x02\0\xff\0\1\0\1\0\0\0\0\0\2pp\0\x57" + SIX, "l2tp"),
    "mpls": (6635, b"\0\x01\x01\x40" + FOUR, "mpls"),
}  # fmt: skip


def sent(port, payload, cut=0):
    """A datagram to a port, `cut` octets of it not captured."""
    octets = fr.linked(fr.ipv4("192.0.2.1", "192.0.2.2", fr.UDP, fr.udp(50000, port, payload)))
    return Shot(0, octets[: len(octets) - cut], len(octets))


@pytest.mark.parametrize("name", CARRIERS)
def test_carrier_and_carried_are_flows(name):
    """The outer datagram's flow knows what it carries, the inner packet's flow what it was wrapped in."""
    port, payload, told = CARRIERS[name]
    sweep = swept([sent(port, payload)])
    flows = finish(sweep.tables)
    assert flows.resp_p.tolist() == [port, 9]
    assert flows.tunnel.tolist() == ["", told]
    assert [NAMES[number] for number in sweep.tables.flows["carries"][:2]] == [told, ""]


@pytest.mark.parametrize("name", CARRIERS)
def test_another_port_carries_nothing(name):
    """The same octets on any other port are a payload."""
    _, payload, _ = CARRIERS[name]
    assert finish(swept([sent(40001, payload)]).tables).resp_p.tolist() == [40001]


@pytest.mark.parametrize("name", CARRIERS)
def test_what_cannot_be_a_packet_is_not_opened(name):
    """A payload of the right port whose inside is cut, or longer than there is room, is only a payload."""
    port, payload, _ = CARRIERS[name]
    at = max(payload.rfind(FOUR[:12]), payload.rfind(SIX[:12]))
    for wrong in (
        payload[: at + 10],
        payload[:at] + b"\x55" * 60,
        payload[:at] + b"\x45\0\xff\xff" + payload[at + 4 :],
    ):
        if b"\x08\x00" in payload[at - 2 : at] and len(wrong) > at + 10:
            continue  # Ethernet says of itself what follows
        assert finish(swept([sent(port, wrong)]).tables).resp_p.tolist() == [port]


@pytest.mark.parametrize(
    ("port", "payload"),
    [
        (1701, b"\xc8\x02\0\x0c\0\1\0\0\0\0\0\0" + FOUR),
        (2152, b"\x30\x01\0\0\0\0\0\0" + FOUR),
        (4789, b"\0\0\0\0\0\0\x2a\0" + ETHER),
        (1701, b"\0\x02\0\1\0\1\xff\x03\xc0\x21" + FOUR),
        (6081, b"\x40\0\x65\x58\0\0\x2a\0" + ETHER),
    ],
)
def test_control_messages_carry_nothing(port, payload):
    """L2TP's and PPP's control, GTP's echo, VXLAN without an identifier, an unknown version of GENEVE."""
    assert finish(swept([sent(port, payload)]).tables).resp_p.tolist() == [port]


def test_tunnels_nest():
    """GTP in VXLAN: three flows, and the innermost knows both."""
    gtp = b"\x30\xff" + struct.pack(">HI", len(FOUR), 7) + FOUR
    inner = fr.ipv4("198.51.100.1", "198.51.100.2", fr.UDP, fr.udp(2152, 2152, gtp))
    flows = finish(swept([sent(4789, VNI + ETHER[:14] + inner)]).tables)
    assert flows.resp_p.tolist() == [4789, 2152, 9]
    assert flows.tunnel.tolist() == ["", "vxlan", "vxlan>gtpu"]
