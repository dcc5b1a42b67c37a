import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import c1222, dissect
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import METER, SAMPLES, der


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["c1222"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 6142: an envelope of known elements in their order."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(METER[:-1]),
        tcp(b"\x61" + METER[1:]),
        udp(METER.replace(b"\xa2", b"\xa9")),
        tcp(der(0x60, b"\x06\x06\x2b\x06\x01\x05\x05\x02", b"\xbe\x02\x28\x00")),
        tcp(der(0x60, b"\xa8\x01\0", b"\xa2\x01\0", b"\xbe\x02\x28\0")),
        tcp(der(0x60, b"\xa2\x01\0", b"\xa8\x01\0")),
        udp(METER, b"something else"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A cut message, another tag, GSS-API, elements out of order, none that carries data, another answer."""
    assert c1222.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x60\x20\xa2"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        c1222.dissect(talk)
