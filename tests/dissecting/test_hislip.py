import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, hislip
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["hislip"])
def test_its_messages_are_recognised(service, certainty, talk):
    """IVI-6.1: messages whose length leads to the next one."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"HS\x63" + bytes(13)),
        tcp(b"HS\0\0\0\0\0\0\xff" + bytes(7)),
        tcp(b"HS\0" + bytes(13) + b"GET"),
        tcp(b"HS\0" + bytes(13), b"SSH-2.0-x\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Unknown types, a length that nothing has, something else behind it, another answer."""
    assert hislip.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"HS\0\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        hislip.dissect(talk)
