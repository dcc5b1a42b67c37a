"""Data frames of IEEE 802.11 are read, whoever wrote what before them; the others are counted for their reason."""

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
A, B, C = b"\x02\0\0\0\0\xaa", b"\x02\0\0\0\0\xbb", b"\x02\0\0\0\0\xcc"
ETHER = A + B + b"\x08\x00" + FOUR
SNAP = b"\xaa\xaa\x03\0\0\0\x08\x00" + FOUR
RADIOTAP = bytes([0, 0, 10, 0]) + struct.pack("<I", 2)
TSFT = bytes([0, 0, 24, 0]) + struct.pack("<I", 0x80000003) + bytes(4 + 4 + 8)
WIFI = b"\x08\x01\0\0" + C + B + A + b"\0\0"


def wifi(control, *, flags=1, extra=b"", body=SNAP):
    """A data frame to the access point; `extra` follows the header of 24 octets."""
    return bytes([control, flags]) + b"\0\0" + C + B + A + b"\0\0" + extra + body


FRAMES = {
    "wifi": (105, wifi(0x08), B),
    "wifi from the access point": (105, wifi(0x08, flags=2), A),
    "wifi between access points": (105, wifi(0x08, flags=3, extra=C), C),
    "wifi with quality of service": (105, wifi(0x88, extra=b"\0\0"), B),
    "wifi with high throughput control": (105, wifi(0x88, flags=0x81, extra=bytes(6)), B),
    "wifi, several in one": (105, wifi(0x88, extra=b"\x80\0", body=A + C + struct.pack(">H", len(SNAP)) + SNAP), C),
    "radiotap": (127, RADIOTAP + b"\0\0" + WIFI + SNAP, B),
    "radiotap with checksum": (127, RADIOTAP + b"\x10\0" + WIFI + SNAP + b"fcs!", B),
    "radiotap with padding": (127, RADIOTAP + b"\x20\0" + wifi(0x88, extra=b"\0\0\0\0"), B),
    "radiotap with a clock": (127, TSFT[:16] + bytes(8) + WIFI + SNAP, B),
    "prism": (119, bytes(4) + struct.pack("<I", 144) + bytes(136) + WIFI + SNAP, B),
    "avs": (163, struct.pack(">II", 0x80211001, 64) + bytes(56) + WIFI + SNAP, B),
    "ppi": (192, b"\0\0" + struct.pack("<HI", 8, 105) + WIFI + SNAP, B),
    "ppi over ethernet": (192, b"\0\0" + struct.pack("<HI", 8, 1) + ETHER, B),
}  # fmt: skip
NO_IP = {
    "a beacon": (105, b"\x80\0" + bytes(60), fl.NOT_IP),
    "an empty data frame": (105, wifi(0x48), fl.NOT_IP),
    "a part of a wifi frame": (105, wifi(0x08, flags=5), fl.NOT_IP),
    "wifi that is encrypted": (105, wifi(0x08, flags=0x41), fl.ENCRYPTED),
    "a link that ppi names": (192, b"\0\0" + struct.pack("<HI", 8, 999) + FOUR, fl.UNKNOWN_LINK),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_packet_in_the_air_is_found(name):
    """One flow with the packet's ports and its sender's address, whichever way the frame goes."""
    link, octets, mac = FRAMES[name]
    sweep = swept([Shot(0, octets)], link=link)
    assert sweep.counter(fl.FLOWS) == 1
    assert {int(sweep.tables.flows[0][port]) for port in ("a_port", "b_port")} == {40000, 9}
    assert int(sweep.tables.sides["mac"][:2].sum()) == int.from_bytes(mac, "big")


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_is_cut_gives_no_flow(name):
    """Cut anywhere before the packet's own header ends, it is counted once."""
    link, octets, _ = FRAMES[name]
    for end in range(octets.find(FOUR[:12]) + 19):
        sweep = swept([Shot(0, octets[:end], len(octets))], link=link)
        lost = sum(sweep.counter(which) for which in (fl.NOT_IP, fl.UNDECODED, fl.ENCRYPTED, fl.UNKNOWN_LINK))
        assert (sweep.counter(fl.FLOWS), lost) == (0, 1)


@pytest.mark.parametrize("name", NO_IP)
def test_what_holds_no_packet_is_counted_for_its_reason(name):
    """Management, empty, encrypted, a part of a frame, another link."""
    link, octets, counter = NO_IP[name]
    sweep = swept([Shot(0, octets)], link=link)
    assert (sweep.counter(fl.FLOWS), sweep.counter(counter)) == (0, 1)


@given(st.sampled_from((105, 119, 127, 163, 192)), st.binary(max_size=120))
def test_any_octets_are_read_within_bounds(link, octets):
    """No header's length leads out of the frame."""
    assert swept([Shot(0, octets)], link=link).counter(fl.FRAMES) == 1
