import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dcerpc, dissect
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import FOREIGN, SAMPLES, datagram_rpc, rpc


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["dcerpc"])
def test_its_messages_are_recognised(service, certainty, talk):
    """C706 chapter 12: a bind and its answer, a request alone in part, and PROFINET by its interface."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(rpc(11)[:12]),
        tcp(rpc(9)),
        tcp(b"\5\0\x0b\3\x20\0\0\0" + bytes(40)),
        tcp(b"\5\0\x0b\3\x10\0\0\0\4\0\0\0" + bytes(40)),
        tcp(b"\5\1\0", b"\5\0"),
        udp(datagram_rpc(FOREIGN)[:-1]),
        udp(b"\x04\x0b" + datagram_rpc(FOREIGN)[2:]),
        tcp(rpc(11), b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Cut headers, unknown types and representations, lengths that disagree, SOCKS, another answer."""
    assert dcerpc.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\5\0\x0b\3\x10\0\0\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        dcerpc.dissect(talk)
