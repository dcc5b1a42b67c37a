import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, fox
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["fox"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Frames that open with the hello."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"fox hunting\n{"),
        tcp(b"fox a 1 -1 fox hello {"),
        tcp(b"fox a 1 -1 fox hello\n{", b"SSH-2.0-x\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Text that begins alike, and another answer."""
    assert fox.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"fox a 1 "
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        fox.dissect(talk)
