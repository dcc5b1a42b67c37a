import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, socks
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import BIND_4, SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["socks"])
def test_its_messages_are_recognised(service, certainty, talk):
    """SOCKS 4 and RFC 1928: a request and its answer; an unmistakable request alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\5\1\0"),
        tcp(b"\5\1\0", b"\5\2"),
        tcp(b"\5\1\0", b"\5\0HTTP"),
        tcp(b"\5\0", b"\5\0"),
        tcp(BIND_4 + b"more"),
        tcp(BIND_4, b"\0\x99" + bytes(6)),
        tcp(b"\4\3\1\xbb\xc0\0\2\7\0"),
        tcp(b"\5\1\0" + b"GET / HTTP/1.0\r\n\r\n", b"\5\0HTTP/1.0 200 OK\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """One direction, a method that was not offered, something else behind, unknown commands and answers."""
    assert socks.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\5\1\0\5\1\0\3"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        socks.dissect(talk)
