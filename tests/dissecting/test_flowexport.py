import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, flowexport
from tests.builders.conversations import told, udp
from tests.builders.services import SAMPLES, be


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["flowexport"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 3954, RFC 7011, sFlow 5: parts that fill the datagram, and a credible time."""
    assert told(dissect(talk)) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\0\5\0\2" + bytes(92)),
        udp(be(5, 2, 9, 1_700_000_000, 0, 0, 0, 0, form="HHIIIIHH")[:24] + bytes(48)),
        udp(be(10, 25, 1_700_000_000, 1, 1, 256, 8, 0, form="HHIIIHHI")),
        udp(be(10, 24, 7, 1, 1, 256, 8, 0, form="HHIIIHHI")),
        udp(be(10, 24, 1_700_000_000, 1, 1, 77, 8, 0, form="HHIIIHHI")),
        udp(b"\0\0\0\5\0\0\0\1" + bytes(16)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Times of no clock, counts and lengths that disagree, sets of no kind, sFlow off its port."""
    assert flowexport.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\x0a"
    for talk in (
        udp(start + one, start + other, resp_p=6343),
        udp(one, start + other, resp_p=6343),
    ):
        flowexport.dissect(talk)
