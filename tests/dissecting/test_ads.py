import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import ads, dissect
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, ams


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["ads"])
def test_its_messages_are_recognised(service, certainty, talk):
    """TE1000: packets whose two lengths agree, and the search for routers, either way round."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(ams()[:29]),
        tcp(ams(command=77)),
        tcp(ams(state=9)),
        tcp(b"\1" + ams()[1:]),
        tcp(ams()[:2] + b"\x25" + ams()[3:]),
        tcp(ams() + b"GET / HTTP/1.1"),
        tcp(ams(), b"HTTP/1.1 200 OK\r\n"),
        udp(b"\x03\x66\x14\x71\0\0\0\1" + bytes(20)),
        udp(ams()),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A cut header, an unknown command or state, another length, another answer; AMS/TCP in datagrams."""
    assert ads.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        ads.dissect(talk)
