import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, jrmi
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["jrmi"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RMI section 10.2: mark, version and protocol."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"JRMI\0\3\x4b"),
        tcp(b"JRMI\0\2\x41"),
        tcp(b"xJRMI\0\2\x4b"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Unknown versions and protocols, the mark elsewhere."""
    assert jrmi.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"JRMI"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        jrmi.dissect(talk)
