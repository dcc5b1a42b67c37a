import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dhcpv6, dissect
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["dhcpv6"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 8415: options that fill the message, on its ports."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\x01abc\0\x01\0\x04\0\x03\0\x01", resp_p=5470),
        udp(b"\x01abc\0\x01\0\x05\0\x03\0\x01", resp_p=547),
        udp(b"\x63abc", resp_p=547),
        udp(b"\x01ab", resp_p=547),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Another port, an option past the end, an unknown type, a cut message."""
    assert dhcpv6.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x01abc"
    for talk in (
        udp(start + one, start + other, resp_p=547),
        udp(one, start + other, resp_p=547),
    ):
        dhcpv6.dissect(talk)
