import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import amqp, dissect
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["amqp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """AMQP 0-9-1 section 4.2: a header and the method that answers it; frames of one side only in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"AMQP\0\0\0\0"),
        tcp(b"AMQP\0\0\x09\x01", b"HTTP/1.1 400 Bad Request\r\n"),
        tcp(b"\1\0\1\0\0\0\5\0\x3c\0\x50\0\xcf"),
        tcp(b"\1\0\1\0\0\0\5\0\x3d\0\x50\0\xce"),
        tcp(b"\x08\0\0\0\0\0\1\0\xce"),
        tcp(b"\7\0\0\0\0\0\1\0\xce"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """An unknown version, another answer, a frame without its end, of no class, with a length that its type has not."""
    assert amqp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"AMQP"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        amqp.dissect(talk)
