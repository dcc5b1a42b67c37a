import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, fins
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, fins_frame


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["fins"])
def test_its_messages_are_recognised(service, certainty, talk):
    """W421: a header over TCP; over UDP a response with the addresses turned round, a command alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"FINS\0\0\0\7" + bytes(12)),
        tcp(b"FINS\0\0\0\x0c\0\0\0\x09" + bytes(8)),
        udp(fins_frame(0x80)),
        udp(fins_frame(0x80, command=b"\x99\1"), resp_p=9600),
        udp(fins_frame(0x80, b"\xff" * 6), resp_p=9600),
        udp(fins_frame(0x80), fins_frame(0xC0, b"\0\x09\0\0\x08\0")),
        udp(fins_frame(0x80), fins_frame(0xC0, b"\0\2\0\0\1\0", sid=8)),
        udp(fins_frame(0x70), resp_p=9600),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Unknown lengths and commands, a command off its port, a response to another command."""
    assert fins.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x80\0\2"
    for talk in (
        tcp(start + one, other, resp_p=9600),
        tcp(one, start + other, resp_p=9600),
        udp(start + one, start + other, resp_p=9600),
        udp(one, start + other, resp_p=9600),
    ):
        fins.dissect(talk)
