import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, ntp
from analyzer.tables import Ntp
from tests.builders.conversations import rows, told, udp


def message(
    mode, version=4, leap=0, stratum=0, poll=6, precision=-20, delay=0.01, dispersion=0.02, reference=b"\0\0\0\0"
):
    """RFC 5905 section 7.3: the header of 48 octets."""
    first = leap << 6 | version << 3 | mode
    root = struct.pack(">ii", int(delay * 65536), int(dispersion * 65536))
    return bytes([first, stratum, poll & 0xFF, precision & 0xFF]) + root + reference + bytes(range(32))


CLIENT, SERVER = message(3), message(4, stratum=2, reference=b"\xa2\x9f\xc8\x01")


def test_a_question_and_its_answer_become_two_rows():
    """RFC 5905: version, mode, stratum, reference; the direction of each."""
    found = dissect(udp(CLIENT, SERVER, resp_p=123))
    assert told(found) == ("ntp", "payload")
    assert [tuple(row.values()) for row in rows(found, Ntp)] == [
        (7, 1000, 1, True, 4, 3, 0, ""),
        (7, 2000, 2, False, 4, 4, 2, "162.159.200.1"),
    ]


@pytest.mark.parametrize(
    ("stratum", "octets", "text"),
    [
        (0, b"RATE", "RATE"),
        (1, b"GPS\0", "GPS"),
        (1, b"\x1b[0m", "1b5b306d"),
        (0, bytes(4), ""),
        (3, b"\1\2\3\4", "1.2.3.4"),
    ],
)
def test_a_reference_is_a_kiss_code_a_clock_or_an_address(stratum, octets, text):
    """RFC 5905 sections 7.3 and 7.4; what is no name stands as hex."""
    assert ntp.read_reference(stratum, octets) == text


@pytest.mark.parametrize(
    "octets",
    [
        message(3, version=1),
        message(3, precision=32, delay=0, dispersion=0),
        b"\x23" + bytes(47),
        message(4, leap=3, stratum=16, dispersion=40),
        CLIENT + bytes(4),
        CLIENT + b"\0\0\0\1" + bytes(16),
        CLIENT + b"\0\0\0\1" + bytes(20),
        message(1, version=3) + b"\0\0\0\1" + bytes(8),
        CLIENT + b"\x01\x04\x00\x24" + bytes(32) + b"\x02\x04\x00\x68" + bytes(100),
        message(5, stratum=2),
        b"\x16\x01" + bytes(8) + b"\x00\x03abc\0",
        b"\x17\x00\x03\x2a" + bytes(4),
        b"\x97\x00\x03\x2a\x00\x01\x00\x48" + bytes(72),
    ],
)
def test_every_kind_of_message_is_ntp(octets):
    """Old versions, clients that tell nothing, authenticators, NTS extensions, broadcast, control and private mode."""
    assert told(dissect(udp(octets, resp_p=123))) == ("ntp", "payload")


@pytest.mark.parametrize(
    "octets",
    [
        CLIENT[:47],
        CLIENT + b"\0",
        CLIENT + bytes(60),
        message(3, version=5),
        message(0),
        message(4, stratum=17),
        message(4, precision=20),
        message(3, poll=100),
        message(4, delay=400),
        b"\x16\x01" + bytes(8) + b"\x00\x50abc\0",
        b"\x17\x00\x09\x2a" + bytes(4),
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x00\x00\x01\x00\x01",
        b"\x38" + bytes(13),
    ],
)
def test_other_datagrams_on_the_port_are_not(octets):
    """Cut or overlong, values out of range, DNS and OpenVPN on port 123: a tunnel is no time service."""
    assert dissect(udp(octets, resp_p=123)) is None or told(dissect(udp(octets, resp_p=123)))[0] == "openvpn"


def test_ntp_is_looked_for_on_its_port_only():
    """Forty-eight octets elsewhere prove too little."""
    assert dissect(udp(CLIENT, SERVER, resp_p=1234)) is None
    assert told(dissect(udp(CLIENT, SERVER, orig_p=123, resp_p=1234))) == ("ntp", "payload")


def test_something_else_among_the_messages_makes_it_partial():
    """A port that carries more than NTP is not simply NTP."""
    found = dissect(udp(CLIENT, SERVER, b"hello there", resp_p=123))
    assert (told(found), len(found.rows)) == (("ntp", "partial"), 2)


@given(st.binary(min_size=48, max_size=48))
def test_random_octets_are_hardly_ever_ntp(octets):
    """Stratum, poll, precision, delay and dispersion all in range by chance: never seen."""
    header = ntp.is_ntp(octets)
    assert not header or (octets[1] <= 16 and octets[0] & 7)


@given(st.binary(max_size=90))
def test_any_octets_never_raise(octets):
    """Whatever follows a header."""
    ntp.dissect(udp(octets, CLIENT + octets, resp_p=123))
