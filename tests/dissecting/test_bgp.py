import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import bgp, dissect
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["bgp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 4271 section 4.1: marker, length and type."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\xff" * 15 + b"\0\x13\4\4"),
        tcp(b"\xff" * 16 + b"\0\x12\4"),
        tcp(b"\xff" * 16 + b"\xff\xff\4"),
        tcp(b"\xff" * 16 + b"\0\x13\x09"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A short marker, lengths and types that no message has."""
    assert bgp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\xff" * 16
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        bgp.dissect(talk)
