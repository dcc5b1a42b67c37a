"""A packet is found on every link, by the oracle and by the kernels, as the builder of the frame says."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import frames as fr
from tests.builders import links, tunnels
from tests.builders.agreement import differences
from tests.builders.captures import Shot
from tests.oracle.readers import READERS, ends, rows, seen

SIX = fr.ipv6("2001:db8::1", "2001:db8::2", fr.UDP, fr.udp(40000, 9, b"six"))
FOUR = fr.ipv4("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(40000, 443, flags=fr.SYN, seq=5))
ENDS = {
    FOUR: (fr.TCP, frozenset({("10.0.0.1", 40000), ("10.0.0.2", 443)})),
    SIX: (fr.UDP, frozenset({("2001:db8::1", 40000), ("2001:db8::2", 9)})),
}

readers = pytest.mark.parametrize("reader", READERS)


def colons(octets):
    """A hardware address as text."""
    return ":".join(f"{octet:02x}" for octet in octets or b"")


def lacks(found):
    """The frames that gave no packet, by reason."""
    quality = found.quality
    return {
        name: getattr(quality, f"{name}_frames")
        for name in ("unknown_link", "undecoded", "non_ip", "encrypted")
        if getattr(quality, f"{name}_frames")
    }


@readers
@pytest.mark.parametrize("name", links.LINKS)
def test_a_packet_is_found_on_every_link(reader, name):
    """IPv4 and IPv6 on a link are flows with the link's MAC, the frames' octets, and nothing around them."""
    link = links.LINKS[name]
    wanted = [packet for packet in (FOUR, SIX) if link.takes(tunnels.carried(packet))]
    made = [link.frame(tunnels.carried(packet)) for packet in wanted]
    found = seen(reader, [octets for octets, _ in made], link.number)
    assert lacks(found) == {}
    assert [ends(found, k) for k in range(len(wanted))] == [ENDS[packet] for packet in wanted]
    assert rows(found, "orig_mac", "tunnel", "vlan", "orig_octets", "orig_frame_octets") == [
        (colons(mac), "pppoe" if name == "pppoe" else "", -1, len(packet), len(octets))
        for packet, (octets, mac) in zip(wanted, made, strict=True)
    ]


@readers
@pytest.mark.parametrize("name", [name for name, link in links.LINKS.items() if link.kinds is None])
def test_a_frame_in_a_frame_is_found_on_every_link(reader, name):
    """A whole Ethernet frame on a link that can announce one is opened; its source is the packet's MAC."""
    check(reader, links.LINKS[name], ["bridged"], FOUR)


@readers
@pytest.mark.parametrize("number", links.SILENT)
def test_links_without_ip_are_no_riddle(reader, number):
    """A frame of USB, Bluetooth, CAN or IEEE 802.15.4 is counted as one that holds no IP, whatever is in it."""
    found = seen(reader, [FOUR, b""], number)
    assert lacks(found) == {"non_ip": 2}


@readers
@pytest.mark.parametrize("number", [147, 143, 132, 3, 103])
def test_unknown_links_are_counted(reader, number):
    """A link type that nobody here reads is counted as such."""
    assert lacks(seen(reader, [FOUR], number)) == {"unknown_link": 1}


WIFI = links.wifi(tunnels.carried(FOUR))


@readers
@pytest.mark.parametrize(
    ("number", "frame", "lack"),
    [
        (105, WIFI[:1] + bytes([WIFI[1] | 0x40]) + WIFI[2:], "encrypted"),
        (105, WIFI[:1] + bytes([WIFI[1] | 0x04]) + WIFI[2:], "non_ip"),
        (105, WIFI[:22] + b"\x01\0" + WIFI[24:], "non_ip"),
        (105, b"\x48" + WIFI[1:], "non_ip"),
        (105, b"\x80" + WIFI[1:], "non_ip"),
        (105, WIFI[:20], "undecoded"),
        (127, b"\0\0\x07\0" + WIFI, "undecoded"),
        (192, b"\0\0\x08\0\x09\0\0\0" + FOUR, "unknown_link"),
        (258, links.pktap(9) + FOUR, "unknown_link"),
        (149, b"\0" * 40, "unknown_link"),
        (178, b"MGD\0" + FOUR, "non_ip"),
        (6, b"\x10\0" + b"\2" * 12 + b"\xaa\xaa\x03\0\0\0\x08\0" + FOUR, "non_ip"),
        (10, b"\xc1" + b"\2" * 12 + b"\xaa\xaa\x03\0\0\0\x08\0" + FOUR, "non_ip"),
        (7, b"\1\2\xd4\x02\0\x09" + FOUR, "non_ip"),
        (129, b"\1\2\0\0\xcd\0\0\0" + FOUR, "non_ip"),
        (182, b"\x80\0\x18\x41\x03\xcc" + FOUR, "non_ip"),
        (182, b"\xe0\0\x18\x41\x03\xcc" + FOUR, "non_ip"),
        (107, b"\x18\x40\0\0\0\x03\xcc" + FOUR, "non_ip"),
        (107, b"\x19\x03\xcc" + FOUR, "non_ip"),
        (123, b"\x81\0\0\x20" + FOUR, "non_ip"),
        (9, b"\xff\x03\xc0\x21\1\1\0\4", "non_ip"),
        (9, b"\xff\x03", "undecoded"),
        (104, b"\x8f\0\x80\x35" + b"\0" * 20, "non_ip"),
        (239, b"\2\0\0\5\6\0\1\0ab\0\0", "non_ip"),
        (109, struct.pack("<I", 17) + b"\0" * 8 + FOUR, "non_ip"),
        (117, b"\x3d\x11" + b"\0" * 62 + FOUR, "non_ip"),
        (117, b"\x3d\x02" + b"\0" * 20, "undecoded"),
    ],
)
def test_what_holds_no_packet_is_told_by_its_reason(reader, number, frame, lack):
    """A frame is encrypted, not IP, not whole, or of a link that is not known, and makes no flow."""
    found = seen(reader, [frame], number)
    assert lacks(found) == {lack: 1}
    assert found.flows.proto.size == 0


@settings(max_examples=40)
@given(st.lists(st.tuples(links.names, tunnels.nests), min_size=1, max_size=6), st.sampled_from((FOUR, SIX)))
def test_the_oracle_finds_what_any_link_and_tunnel_hold(made, packet):
    """The packet's flow has the ends, MAC, VLAN and tunnel names that the builder put there."""
    for name, nest in made:
        check("oracle", links.LINKS[name], nest, packet)


@settings(max_examples=40)
@given(st.lists(st.tuples(links.names, tunnels.nests), min_size=1, max_size=6), st.sampled_from((FOUR, SIX)))
def test_the_kernels_find_what_any_link_and_tunnel_hold(made, packet):
    """The packet's flow has the ends, MAC, VLAN and tunnel names that the builder put there."""
    for name, nest in made:
        check("analyzer", links.LINKS[name], nest, packet)


def check(reader, link, nest, packet):
    """Whether a reader finds the packet, and the UDP flows around it, on a link that can announce it."""
    inner = tunnels.wrapped(packet, nest)
    if not link.takes(inner):
        return
    octets, mac = link.frame(inner)
    found = seen(reader, [octets], link.number)
    assert lacks(found) == {}
    last = len(inner.outer)
    assert found.flows.proto.size == last + 1
    assert ends(found, last) == ENDS[packet]
    names = (("pppoe",) if link.number == 51 else ()) + inner.tunnel
    assert rows(found, "orig_mac", "tunnel", "vlan", "orig_octets", "orig_frame_octets")[last] == (
        colons(mac), ">".join(names[:4]), inner.vlan, len(packet), len(octets),
    )  # fmt: skip
    for k, (source, target, sport, dport, service) in enumerate(inner.outer):
        assert ends(found, k) == (fr.UDP, frozenset({(source, sport), (target, dport)}))
        assert (found.flows.service[k], found.flows.certainty[k]) == (service, "payload")


@st.composite
def damaged(draw):
    """(link type, frames of it that were cut short, damaged or padded)."""
    link = links.LINKS[draw(links.names)]
    made = []
    for _ in range(draw(st.integers(1, 8))):
        inner = tunnels.wrapped(draw(st.sampled_from((FOUR, SIX))), draw(tunnels.nests))
        if link.takes(inner):
            octets = links.flipped(link.frame(inner)[0], draw(links.damage))
            cut = draw(st.integers(0, len(octets)))
            whole = draw(st.booleans())
            made.append(Shot(len(made), octets if whole else octets[:cut], draw(st.sampled_from((None, len(octets))))))
    return link.number, made


@settings(max_examples=60)
@given(damaged())
def test_readers_agree_on_damaged_frames(frames):
    """Whatever was cut away or flipped, both readers see the same, and neither fails."""
    number, shots = frames
    assert differences(*(seen(reader, shots, number) for reader in ("analyzer", "oracle"))) == []


@settings(max_examples=60)
@given(damaged())
def test_the_oracle_reads_damaged_frames(frames):
    """Each damaged frame gives a packet, or is counted by the reason why it does not."""
    number, shots = frames
    found = seen("oracle", shots, number)
    quiet = sum(lacks(found).values())
    assert found.flows.proto.size > 0 or quiet + found.quality.stray_fragments == len(shots)
