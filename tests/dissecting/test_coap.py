import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import coap, dissect
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["coap"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 7252: an answer that repeats the message id or token; in part, on its port, a request alone."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\x42\x01\x05\xca\x72\x16\xb4temp"),
        udp(b"\x42\x01\x05\xca\x72\x16\xb4temp", b"\x62\x45\x05\xcb\x99\x16\xff22"),
        udp(b"\x42\x01\x05\xca\x72\x16\xf4temp", resp_p=5683),
        udp(b"\x42\x01\x05\xca\x72\x16\xb9temp", resp_p=5683),
        udp(b"\x49\x01\x05\xca" + bytes(9), resp_p=5683),
        udp(b"\x40\x3f\0\0", resp_p=5683),
        udp(b"\xc0\x01\0\0", resp_p=5683),
        udp(b"\x40\0\0\0\xff", resp_p=5683),
        udp(b"\x40\1\0\0\xff", resp_p=5683),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A request off its port, an answer to another, options that are reserved or cut, unknown codes and versions."""
    assert coap.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x42\x01"
    for talk in (
        udp(start + one, start + other, resp_p=5683),
        udp(one, start + other, resp_p=5683),
    ):
        coap.dissect(talk)
