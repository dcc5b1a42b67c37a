import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, slmp
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, slmp_frame


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["slmp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """SH-080956: a request and its answer; in part one alone."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(slmp_frame(b"\x51\0", bytes(6))),
        tcp(b"\x50\0\0\xff\x77\x77\0\6\0" + bytes(6)),
        tcp(slmp_frame(b"\x50\0", bytes(6)) + b"GET"),
        tcp(b"\x50\0\0\xff\xff\3\0\1\0" + bytes(6)),
        tcp(slmp_frame(b"\x50\0", bytes(6)), b"HTTP/1.1 200 OK\r\n\r\n"),
        udp(b"\x54\0\1\0\7\7\0\xff\xff\3\0\6\0" + bytes(6)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Unknown subheaders and modules, something behind, a length below the least, another answer."""
    assert slmp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x50\0\0\xff\xff\3\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        slmp.dissect(talk)
