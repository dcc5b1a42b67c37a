import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import codesys, dissect
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["codesys"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Blocks that hold a datagram, in both directions."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x00\x01\x17\xe8\x14\0\0\0" + bytes(12)),
        tcp(b"\x00\x01\x17\xe8\xff\xff\0\0\xc5\x6b\x40\x40" + bytes(12)),
        udp(b"\xc5\x0b\x40\x01\0\x10\1\x4b"),
        udp(b"\xc5\x0b\x40\x77\0\x10\1\x4b", resp_p=1740),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A block of something else or of no length, a datagram off its ports or of no service."""
    assert codesys.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x00\x01\x17\xe8\x14\0\0\0\xc5"
    for talk in (
        tcp(start + one, other, resp_p=1740),
        tcp(one, start + other, resp_p=1740),
        udp(start + one, start + other, resp_p=1740),
        udp(one, start + other, resp_p=1740),
    ):
        codesys.dissect(talk)
