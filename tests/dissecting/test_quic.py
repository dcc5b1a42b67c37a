import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, quic
from tests.builders.conversations import told, turned, udp


def initial(version, first=0xC3, to=b"d" * 8, source=b"s" * 5, rest=1200):
    """RFC 9000 section 17.2: first octet, version, two connection ids behind their lengths."""
    return (
        bytes([first])
        + version.to_bytes(4, "big")
        + bytes([len(to)])
        + to
        + bytes([len(source)])
        + source
        + b"p" * rest
    )


@pytest.mark.parametrize("version", [1, 0x6B3343CF, 0xFF00001D, 0xFF000011, 0xFACEB002])
def test_a_long_header_of_a_known_version_is_quic(version):
    """RFC 9000, RFC 9369, drafts and mvfst, on any port and from either side, also where the datagram is cut."""
    talk = udp(initial(version), resp_p=8443)
    assert told(dissect(talk)) == told(dissect(turned(talk))) == ("quic", "payload")
    assert told(dissect(udp(initial(version)[:96]))) == ("quic", "payload")


def test_version_negotiation_and_googles_quic():
    """RFC 9000 section 17.2.1: version 0 and a list; before the IETF the version was text."""
    assert told(dissect(udp(b"", initial(0, rest=0) + b"\x0a\x1a\x2a\x3a\x00\x00\x00\x01"))) == ("quic", "payload")
    assert told(dissect(udp(b"\x0d" + b"c" * 8 + b"Q043\x01" + b"x" * 50))) == ("quic", "payload")
    assert told(dissect(udp(b"\xc3Q050\x50" + b"x" * 50))) == ("quic", "payload")


@pytest.mark.parametrize(
    "octets",
    [
        initial(2),
        initial(1, first=0x43),
        initial(1, first=0x83),
        initial(1, to=b"d" * 21),
        initial(1, source=b"s" * 30),
        initial(1, rest=3)[:16],
        initial(0, rest=0) + b"\x0a\x1a\x2a\x3a",
        b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40" + bytes(64),
        b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(20),
        b"\xff" * 60,
    ],
)
def test_other_datagrams_are_not(octets):
    """Unknown versions, short headers, ids too long, DTLS, STUN."""
    assert quic.dissect(udp(octets, resp_p=443)) is None


@given(st.binary(max_size=60))
def test_any_octets_never_raise(octets):
    """Whatever stands behind a version."""
    quic.dissect(udp(b"\xc0\0\0\0\1" + octets, b"\xc0\0\0\0\0" + octets, octets))
