import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, sip
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["sip"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 3261 section 7 and RFC 7826: start lines; keepalives may come before."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"OPTIONS sip:a@example.net HTTP/1.1\r\n"),
        udp(b"sip:a@example.net SIP/2.0\r\n"),
        udp(b"SIP/2.0 900 no\r\n"),
        tcp(b"OPTIONS * RTSP/3.0\r\n"),
        tcp(b"GET rtsp.html HTTP/1.0\r\n"),
        udp(b"\r\n\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other protocols and versions, no method, answers that do not exist, a keepalive alone."""
    assert sip.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"OPTIONS sip:"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        sip.dissect(talk)
