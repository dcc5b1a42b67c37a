import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, enip
from tests.builders.conversations import tcp, told, turned, udp


def message(command, data=b"", session=0, status=0, options=0):
    """CIP volume 2, section 2-3: the encapsulation header and its data."""
    return struct.pack("<HHIIQI", command, len(data), session, status, 0xE0E0, options) + data


REGISTER = message(0x65, b"\x01\x00\x00\x00")
REGISTERED = message(0x65, b"\x01\x00\x00\x00", session=0x11)
# Section 2-4.7: interface handle, timeout, two items: a null address, unconnected data.
SEND_RR = message(0x6F, b"\0\0\0\0\x0a\0\x02\0\0\0\0\0\xb2\0\x02\0\x01\x02", session=0x11)
IDENTITY = message(0x63, b"\x01\x00\x0c\x00\x02\x00\x01\x02")
IO = b"\x02\x00\x02\x80\x08\x00\x11\x22\x33\x44\x01\x00\x00\x00\xb1\x00\x04\x00\x01\x00\x00\x00"


@pytest.mark.parametrize(
    "talk",
    [
        tcp(REGISTER + SEND_RR, REGISTERED + SEND_RR, resp_p=44818),
        tcp(REGISTER, REGISTERED, resp_p=5000),
        tcp(SEND_RR, resp_p=5000),
        tcp(b"", SEND_RR, resp_p=2000),
        tcp(SEND_RR[:26], resp_p=44818),
        tcp(message(0x70, b"\0\0\0\0\0\0\x02\0", session=9) * 40),
        tcp(message(0x6F, session=9, status=0x64)),
        udp(message(0x63), IDENTITY, resp_p=44818),
        udp(message(0x63), IDENTITY, resp_p=9999),
        udp(message(0x63), resp_p=44818),
        udp(IO, resp_p=2222),
    ],
)
def test_messages_with_what_their_command_demands_are_ethernet_ip(talk):
    """Sessions, requests under way, errors, List commands with answers, implicit I/O: by payload, either way round."""
    assert told(dissect(talk)) == ("ethernet-ip", "payload")
    assert told(dissect(turned(talk))) == ("ethernet-ip", "payload")


def test_a_bare_list_command_off_its_port_is_partial():
    """A number and twenty zeros are not much."""
    assert told(dissect(udp(message(0x63), resp_p=9999))) == ("ethernet-ip", "partial")
    assert told(dissect(tcp(message(0x04), resp_p=9999))) == ("ethernet-ip", "partial")


@pytest.mark.parametrize(
    "octets",
    [
        message(0x65, b"\x01\x00\x00\x00", options=1),
        message(0x65, b"\x01\x00\x00\x00", status=0x1234),
        message(0x65, b"\x02\x00\x00\x00"),
        message(0x65, b"\x01\x00\x00\x00\x00"),
        message(0x66),
        message(0x6F, b"\x01\0\0\0\0\0\x02\0", session=9),
        message(0x6F),
        message(0x63, b"\xff\xff", session=0),
        message(0x00, b"nop"),
        REGISTER[:23],
    ],
)
def test_a_header_that_contradicts_itself_is_not(octets):
    """Options, status, version, lengths and handles are fixed by the specification."""
    assert dissect(tcp(octets, resp_p=4444)) is None
    assert dissect(udp(octets, resp_p=4444)) is None


def test_a_foreign_answer_contradicts():
    """A server that answers a RegisterSession with something else does not speak EtherNet/IP."""
    assert dissect(tcp(REGISTER, b"HTTP/0.9 what is this, and some more", resp_p=4444)) is None


@pytest.mark.parametrize(
    "octets",
    [IO[:-1], IO + b"\0", IO.replace(b"\xb1", b"\xb2", 1), b"\x02\x00" + IO[2:].replace(b"\x02\x80", b"\x03\x80")],
)
def test_a_datagram_that_is_not_io_to_its_last_octet_is_not(octets):
    """Implicit I/O is recognised by its two items and its exact length."""
    assert dissect(udp(octets, resp_p=2222)) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(orig, resp):
    """Random octets behind a command's number never raise."""
    enip.dissect(tcp(b"\x6f\x00" + orig, b"\x65\x00\x04\x00" + resp))
    enip.dissect(udp(b"\x6f\x00" + orig, resp))
