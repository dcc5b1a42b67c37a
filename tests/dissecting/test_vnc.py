import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, vnc
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["vnc"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 6143 section 7.1.1: a version of each side."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"RFB 3.8\n"),
        tcp(b"RFB 003.008"),
        tcp(b"RFB 003.008\n", b"HTTP/1.1 200 OK\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lines, another answer."""
    assert vnc.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"RFB 003."
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        vnc.dissect(talk)
