import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, rtps
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["rtps"])
def test_its_messages_are_recognised(service, certainty, talk):
    """DDSI-RTPS: the header of version 1 or 2, and a submessage or a ping."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"RTPS\5\2\1\x0f" + bytes(16)),
        udp(b"RTPS\2\2\1\x0f" + bytes(20)),
        udp(b"RTPX" + bytes(20)),
        udp(b"RTPS\2\2\1\x0f"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other versions, marks, no submessage."""
    assert rtps.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"RTPS\2\2\1\x0f"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        rtps.dissect(talk)
