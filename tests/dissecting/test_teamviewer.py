import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, teamviewer
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["teamviewer"])
def test_its_messages_are_recognised(service, certainty, talk):
    """The marks of both sides on its port; in part elsewhere."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x17\x24"),
        tcp(b"\x17\x24\xff\xff\xff\xff", resp_p=5938),
        tcp(b"\x17\3\3\0\x20" + bytes(32)),
        tcp(b"\x17\x24\x0a\x20\0", b"HTTP/1.1 200 OK\r\n"),
        udp(b"\1" + bytes(10) + b"\x17\x24" + bytes(8)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A mark alone, no command, TLS, another answer."""
    assert teamviewer.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x17\x24\x0a"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        teamviewer.dissect(talk)
