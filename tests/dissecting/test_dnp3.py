import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, dnp3
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, link


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["dnp3"])
def test_its_messages_are_recognised(service, certainty, talk):
    """IEEE 1815: link headers whose check sum is right, on any port."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(link()[:9]),
        tcp(link()[:8] + b"\0\0"),
        tcp(b"\x05\x65" + link()[2:]),
        tcp(link(length=4)),
        tcp(link(), b"HTTP/1.1 200 OK\r\n"),
        udp(link(), b"\x05\x64"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A cut header, another check sum or start, a length below the least, another answer."""
    assert dnp3.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x05\x64"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        dnp3.dissect(talk)
