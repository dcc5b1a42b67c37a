import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, nomachine
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["nomachine"])
def test_its_messages_are_recognised(service, certainty, talk):
    """A version of each side."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"NXSH-7\n"),
        tcp(b"NXSH-7.10.1\n", b"SSH-2.0-x\r\n"),
        tcp(b"NXY-7.10.1\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lines, another answer."""
    assert nomachine.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"NXSH-"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        nomachine.dissect(talk)
