import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, telnet
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["telnet"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 854: options of both sides, or two of one; one alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\xff\xfb"),
        tcp(b"\xff\xfb\x90\x64"),
        tcp(b"\xff\xd8\xff\xe0"),
        tcp(b"login: \xff\xfb\1"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A cut command, MP3 and JPEG, options that come late."""
    assert telnet.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\xff\xfb\1"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        telnet.dissect(talk)
