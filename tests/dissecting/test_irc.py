import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, irc
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["irc"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 2812: nick and user, and numbered replies; one side alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"USER a\r\n", b"220 ready\r\n"),
        tcp(b"NICK a\r\n"),
        tcp(b"USER a\r\n", b"+OK\r\n"),
        tcp(b"", b":irc.example.net 1 a\r\n"),
        tcp(b"NICK a\r\nUSER a 0 * :A\r\n", b"HTTP/1.1 400 Bad Request\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """FTP and POP3 know USER too; a nick alone, no number, another answer."""
    assert irc.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"NICK a\r\nUSER "
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        irc.dissect(talk)
