import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, synchrophasor
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, phasor


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["synchrophasor"])
def test_its_messages_are_recognised(service, certainty, talk):
    """C37.118.2: frames whose check sum is right."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(phasor()[:-1]),
        tcp(phasor()[:-2] + b"\0\0"),
        udp(b"\xab" + phasor()[1:]),
        udp(phasor(9)),
        udp(phasor(), b"\xaa\1"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A cut frame, another check sum, start or type, another answer."""
    assert synchrophasor.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\xaa\1\0\x12"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        synchrophasor.dissect(talk)
