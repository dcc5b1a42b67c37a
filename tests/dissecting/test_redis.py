import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, redis
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["redis"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Commands as arrays and answers of its kinds; commands alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"*1\r\n$5\r\nPING\r\n", b"+PONG\r\n"),
        tcp(b"*1\r\n$4\r\nPI G\r\n"),
        tcp(b"*1\r\n$4\r\nPING\r\n", b"HTTP/1.1 400 Bad Request\r\n"),
        tcp(b"", b"+PONG\r\n"),
        tcp(b"* PING\n", b"* PONG 1\n"),
        tcp(b"USER a\r\n", b"+OK\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Lengths that disagree, no words, another answer, an answer alone, an MTConnect adapter, POP3."""
    assert redis.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"*1\r\n$4\r\n"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        redis.dissect(talk)
