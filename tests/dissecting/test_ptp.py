import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, ptp
from tests.builders.conversations import told, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["ptp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """IEEE 1588: version 2, a type, and the length that it has at least."""
    assert told(dissect(talk)) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\0\2\0\x2d" + bytes(40), resp_p=319),
        udp(b"\0\1\0\x2c" + bytes(40), resp_p=319),
        udp(b"\5\2\0\x2c" + bytes(40), resp_p=319),
        udp(b"\0\2\0\x2c" + bytes(40), resp_p=3190),
        udp(b"\x0b\2\0\x2c" + bytes(40), resp_p=320),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths, versions, types and ports."""
    assert ptp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\2\0\x2c"
    for talk in (
        udp(start + one, start + other, resp_p=319),
        udp(one, start + other, resp_p=319),
    ):
        ptp.dissect(talk)
