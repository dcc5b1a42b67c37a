import base64
import hashlib
import ipaddress
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.flows import FLOW
from analyzer.kernels.headers import V4_MAPPED
from analyzer.metering.communityid import identify

TCP, UDP, SCTP, ICMP, ICMP6, ESP = 6, 17, 132, 1, 58, 50


def signed(value):
    """The int64 of the same 64 bits."""
    return value - (1 << 64) if value >> 63 else value


def row(proto, orig, orig_p, resp, resp_p, *, flipped=False):
    """A row of FLOW whose originator is side A, or B where flipped."""
    made = np.zeros(1, FLOW)
    ends = ((orig, orig_p), (resp, resp_p))
    for side, (text, port) in zip("ba" if flipped else "ab", ends, strict=True):
        address = ipaddress.ip_address(text)
        whole = int(address) | V4_MAPPED if address.version == 4 else int(address)
        made[f"{side}_hi"], made[f"{side}_lo"] = signed(whole >> 64), signed(whole & 0xFFFFFFFFFFFFFFFF)
        made[f"{side}_port"] = port
    if proto in (ICMP, ICMP6):  # the message's type and code, whichever side sent it
        made["a_port"], made["b_port"] = orig_p, resp_p
    made["proto"], made["version"], made["orig"] = proto, ipaddress.ip_address(orig).version, int(flipped)
    return made


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ((TCP, "128.232.110.120", 34855, "66.35.250.204", 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        ((UDP, "192.168.1.52", 54585, "8.8.8.8", 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        ((SCTP, "192.168.170.8", 7, "192.168.170.56", 80), "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="),
        ((ICMP, "192.168.0.89", 8, "192.168.0.1", 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
    ],
)
def test_the_specification_gives_the_same(flow, expected, flipped):
    """The examples of the Community ID specification, whichever side is the originator."""
    assert identify(row(*flow, flipped=flipped)) == [expected]


def by_hashlib(proto, one, other):
    """Community ID v1 with seed 0 of two ends, as the specification has it, for protocols with ports."""
    first, second = sorted((ipaddress.ip_address(text).packed, port) for text, port in (one, other))
    text = struct.pack(">H", 0) + first[0] + second[0] + struct.pack(">BBHH", proto, 0, first[1], second[1])
    return "1:" + base64.b64encode(hashlib.sha1(text).digest()).decode()


ADDRESSES = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)), st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6))
)
PORTS = st.integers(0, 65535)


@given(st.lists(st.tuples(st.sampled_from((TCP, UDP, SCTP)), ADDRESSES, PORTS, PORTS, st.booleans()), max_size=8))
def test_any_flows_have_the_ids_that_plain_python_gives(flows):
    """The ids of many flows at once are those of hashlib, one by one, in their order."""
    rows = [row(p, str(a), pa, str(b), pb, flipped=way) for p, (a, b), pa, pb, way in flows]
    expected = [by_hashlib(p, (str(a), pa), (str(b), pb)) for p, (a, b), pa, pb, _ in flows]
    assert identify(np.concatenate([np.zeros(0, FLOW), *rows])) == expected


@pytest.mark.parametrize(
    ("proto", "hosts"), [(ICMP, ("192.0.2.1", "192.0.2.2")), (ICMP6, ("2001:db8::1", "2001:db8::2"))]
)
def test_one_way_messages_of_two_directions_differ(proto, hosts):
    """An ICMP error from one host to another is another flow than one the other way round."""
    there = identify(row(proto, hosts[0], 3, hosts[1], 1))
    back = identify(row(proto, hosts[1], 3, hosts[0], 1))
    assert there != back
    assert there == identify(row(proto, hosts[0], 3, hosts[1], 1, flipped=True))


def test_protocols_without_ports_have_none_in_the_hash():
    """Whatever stands in the ports of a flow that has none, its id is the same."""
    assert identify(row(ESP, "192.0.2.1", 0, "192.0.2.2", 0)) == identify(row(ESP, "192.0.2.1", 9, "192.0.2.2", 7))
