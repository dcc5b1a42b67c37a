import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, openvpn
from tests.builders.conversations import tcp, told, turned, udp

SID, PEER = b"\x8a\x11\x42\xe0\x9c\x07\xd5\x33", b"\x41\xbb\x90\x7e\x21\xf4\x6c\x18"
REPLAY = struct.pack(">II", 1, 1_795_207_264)
ASKED, ACKED = b"\0" + bytes(4), b"\1" + bytes(4) + SID + bytes(4)


def framed(*packets):
    """Over TCP each packet stands behind its length."""
    return b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)


def resets(kind):
    """The two hard resets as tls-auth or tls-crypt wrap them."""
    if kind == "plain":
        return b"\x38" + SID + ASKED, b"\x40" + PEER + ACKED
    if kind == "crypt":
        return b"\x38" + SID + REPLAY + b"t" * 32 + b"e" * 5, b"\x40" + PEER + REPLAY + b"t" * 32 + b"e" * 17
    if kind == "crypt-v2":
        early = struct.pack(">II", 0x0F000001, 1_795_207_264)
        return (
            b"\x50" + SID + early + b"t" * 32 + b"e" * 5 + b"w" * 300,
            b"\x40" + PEER + REPLAY + b"t" * 32 + b"e" * 23,
        )
    hmac = b"h" * kind
    return b"\x38" + SID + hmac + REPLAY + ASKED, b"\x40" + PEER + hmac + REPLAY + ACKED


KINDS = ["plain", "crypt", "crypt-v2", 16, 20, 28, 32, 48, 64]


@pytest.mark.parametrize("kind", KINDS)
def test_hard_resets_are_openvpn_over_tcp_and_udp(kind):
    """Wire protocol sections 3 to 6: in clear, tls-auth with each digest, tls-crypt and tls-crypt-v2, on any port."""
    asked, answered = resets(kind)
    for talk in (
        tcp(framed(asked), framed(answered), framed(b"\x28" + b"a" * 21, b"\x20" + b"h" * 300), resp_p=443),
        tcp(framed(asked), resp_p=443),
        tcp(b"", framed(answered), resp_p=443),
        udp(asked, answered, b"\x20" + b"h" * 300, resp_p=443),
        udp(asked, b"", asked, resp_p=1194),
    ):
        assert told(dissect(talk)) == told(dissect(turned(talk))) == ("openvpn", "payload")


def test_data_under_way_is_partial():
    """A tunnel seen midway: P_DATA_V2 packets of one peer whose packet ids count on."""
    data = [b"\x48\0\0\x05" + number.to_bytes(4, "big") + b"d" * 40 for number in range(700, 704)]
    assert told(dissect(tcp(framed(*data), resp_p=443))) == ("openvpn", "partial")
    assert told(dissect(udp(data[0], b"", data[1], b"", data[2]))) == ("openvpn", "partial")
    assert dissect(tcp(framed(*data[:2]), resp_p=443)) is None
    assert dissect(tcp(framed(data[0], data[0], data[0]), resp_p=443)) is None


def test_a_server_that_speaks_something_else_makes_it_partial():
    """A web server answers a reset with an alert: the client tried OpenVPN, the service is not known."""
    assert told(dissect(tcp(framed(resets("plain")[0]), b"\x15\x03\x01\x00\x02\x02\x46"))) == ("openvpn", "partial")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200))),
        tcp(framed(b"\x38" + SID + ASKED + b"x")),
        tcp(framed(b"\x38" + SID + b"\1" + bytes(4))),
        tcp(framed(b"\x38" + SID + b"h" * 20 + struct.pack(">II", 1, 0) + ASKED)),
        tcp(framed(b"\x38" + SID + b"h" * 20 + struct.pack(">II", 9999, 1_795_207_264) + ASKED)),
        tcp(framed(resets("plain")[0]) + b"GET / HTTP/1.1\r\n\r\n"),
        tcp(framed(b"\x38" + bytes(13))),
        udp(b"\x38" + bytes(13)),
        udp(b"\x40\x6f\x01\x00\x00\x01" + bytes(6) + b"\x06e13678\x04dscb\x03net\x00\x00\x01\x00\x01"),
        udp(b"\x38o\x01\x00\x00\x01\0\0\0\0\0\0\x0dexample-name1" + b"\x10abcdefghijklmnop\x03net\x00\x00\x01\x00\x01"),
        udp(resets("plain")[0], resets("plain")[0]),
    ],
)
def test_other_octets_are_not(talk):
    """TLS, other lengths, ids and times that no first packet has, DNS with a like transaction id, an echo."""
    assert openvpn.dissect(talk) is None


@pytest.mark.parametrize("length", range(0, 90, 7))
def test_a_dns_answer_with_a_like_id_is_never_openvpn(length):
    """The id of a DNS message may be any opcode, its length any reset's."""
    question = b"\x40\x6f\x01\x00\x00\x01\0\0\0\0\0\0\x06abcdef\0\0\1\0\1"
    answer = b"\x40\x6f\x81\x80\x00\x01\x00\x01\0\0\0\0\x06abcdef\0\0\1\0\1\xc0\x0c" + b"z" * length
    assert openvpn.dissect(udp(question, answer)) is None
    assert openvpn.dissect(udp(b"", answer)) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(orig, resp):
    """Whatever stands behind a reset's opcode."""
    openvpn.dissect(tcp(b"\x00\x0e\x38" + orig, resp))
    openvpn.dissect(udp(b"\x38" + orig, b"\x40" + resp))
