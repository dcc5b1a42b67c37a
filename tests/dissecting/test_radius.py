import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, radius
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES, radius_message


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["radius"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 2865: an answer with the id of its request; in part, on its ports, one alone."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(radius_message(1)),
        udp(radius_message(1)[:-1], resp_p=1812),
        udp(radius_message(1, b"\x01\x09alice"), resp_p=1812),
        udp(radius_message(1, b"\x01\x01alice"), resp_p=1812),
        udp(radius_message(77), resp_p=1812),
        udp(radius_message(1), radius_message(5)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Off its ports, attributes past the end or of no length, unknown codes, an answer to another request."""
    assert radius.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\1\x09\0\x1b" + bytes(16)
    for talk in (
        udp(start + one, start + other, resp_p=1812),
        udp(one, start + other, resp_p=1812),
    ):
        radius.dissect(talk)
