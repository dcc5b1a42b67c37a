import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, spice
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["spice"])
def test_its_messages_are_recognised(service, certainty, talk):
    """The link message of both sides."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"REDQ\x09\0\0\0" + bytes(24)),
        tcp(b"REDQ\2\0\0\0\2\0\0\0\xff\xff\0\0" + bytes(26)),
        tcp(b"REDR" + bytes(24)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other marks, versions and lengths."""
    assert spice.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"REDQ\2\0\0\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        spice.dissect(talk)
