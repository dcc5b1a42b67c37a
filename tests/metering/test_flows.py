"""Rows of the kernels become the table of flows: addresses, hardware addresses, sides."""

from __future__ import annotations

import ipaddress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.metering.flows import addresses, finish, macs
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

V4_MAPPED = 0xFFFF << 32


def signed(value):
    """64 bits as the int64 of the same bits."""
    return value - (1 << 64) if value >> 63 else value


@given(st.lists(st.ip_addresses(), max_size=12))
def test_addresses_are_written_as_rfc_5952_has_them(given_addresses):
    """Every address of either family comes out as Python writes it."""
    hi = [0 if one.version == 4 else signed(int(one) >> 64) for one in given_addresses]
    lo = [V4_MAPPED | int(one) if one.version == 4 else signed(int(one) & (1 << 64) - 1) for one in given_addresses]
    version = np.array([one.version for one in given_addresses], np.uint8)
    made = addresses(np.array(hi, np.int64), np.array(lo, np.int64), version)
    assert made.tolist() == [str(one) for one in given_addresses]


def test_hardware_addresses_are_lower_case_and_none_is_empty():
    """Six octets with colons; 0 stands for a link that has none."""
    assert macs(np.array([0x00163E0000FF, 0, 0x00163E0000FF])).tolist() == [
        "00:16:3e:00:00:ff",
        "",
        "00:16:3e:00:00:ff",
    ]


def test_the_side_of_the_originator_does_not_depend_on_addresses():
    """Whichever address is lower, who sent the first frame is the originator."""
    for ends in (("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")):
        sent = fr.linked(fr.ipv4(*ends, fr.UDP, fr.udp(40000, 9, b"four")), source=0)
        back = fr.linked(fr.ipv4(*ends[::-1], fr.UDP, fr.udp(9, 40000, b"sixsix")), source=1)
        flows = finish(swept([Shot(1_000, sent), Shot(2_000, back)]).tables)
        assert (flows.orig_h[0], flows.orig_p[0], flows.resp_p[0]) == (ends[0], 40000, 9)
        assert (flows.orig_payload_octets[0], flows.resp_payload_octets[0]) == (4, 6)
        assert (flows.orig_mac[0], flows.resp_mac[0]) == ("00:16:3e:00:00:01", "00:16:3e:00:00:02")
        assert ipaddress.ip_address(flows.resp_h[0]) == ipaddress.ip_address(ends[1])


def test_no_frames_are_no_flows():
    """An empty sweep is an empty table."""
    assert finish(swept([]).tables).proto.size == 0
