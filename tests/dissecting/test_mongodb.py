import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, mongodb
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES, mongo


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["mongodb"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Wire protocol: an answer that refers to its request, or a command; in part one direction."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(mongo(7, 5, 2004, bytes(40))),
        tcp(mongo(7, 0, 77, bytes(40))),
        tcp(mongo(7, 0, 2013, b"\xff" * 10)),
        tcp(b"\5\0\0\0" + mongo(7, 0, 2013, bytes(10))[4:]),
        tcp(mongo(7, 0, 2004, bytes(40)), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A request that answers, unknown operations, flags and lengths, another answer."""
    assert mongodb.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x40\0\0\0\7\0\0\0\0\0\0\0\xd4\7"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        mongodb.dissect(talk)
