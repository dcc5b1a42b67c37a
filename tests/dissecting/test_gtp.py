import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, gtp
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["gtp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """3GPP TS 29.281, 29.274, 32.295: the exact length on the port of the name."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\x30\xff\0\5\0\0\0\1data", resp_p=2152),
        udp(b"\x30\xff\0\4\0\0\0\1data", resp_p=2153),
        udp(b"\x30\x77\0\4\0\0\0\1data", resp_p=2152),
        udp(b"\xe0\x20\0\x08" + bytes(8), resp_p=2123),
        udp(b"\x48\x20\0\x09" + bytes(8), resp_p=2123),
        udp(b"\x0f\1\0\2\0\1", resp_p=3386),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths, types, versions and ports."""
    assert gtp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x30\xff\0"
    for talk in (
        udp(start + one, start + other, resp_p=2152),
        udp(one, start + other, resp_p=2152),
    ):
        gtp.dissect(talk)
