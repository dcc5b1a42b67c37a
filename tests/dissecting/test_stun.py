import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, stun
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, stun_message


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["stun"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 8489 section 5; RFC 3489 by an answer of the same transaction, alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(stun_message(1)[:-1]),
        udp(stun_message(1) + b"1234"),
        udp(stun_message(0x4001)),
        udp(stun_message(1, b"\0\x77\0\0", b"cook")),
        udp(stun_message(1, b"\0\1\0\x09" + bytes(8), b"cook")),
        udp(stun_message(1, cookie=b"cook"), stun_message(0x0101, cookie=b"kooc")),
        tcp(stun_message(1, cookie=b"cook") + b"x"),
        udp(bytes(20)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths, types, attributes, the answer to another transaction, zeros."""
    assert stun.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\1\0\0\x21\x12\xa4\x42"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        stun.dissect(talk)
