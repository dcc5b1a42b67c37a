import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, rdpudp
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES, SYN_UDP


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["rdpudp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """MS-RDPEUDP section 2.2: a padded SYN with two lengths."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(SYN_UDP[:1000]),
        udp(b"\0" + SYN_UDP[1:]),
        udp(SYN_UDP.replace(b"\4\xd0\4\xd0", b"\4\xd0\5\xd0")),
        udp(SYN_UDP[:6] + b"\0\2" + SYN_UDP[8:]),
        udp(b"x" + SYN_UDP, SYN_UDP),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Not padded, acknowledging nothing, lengths that may not be offered, other flags, a SYN that is not first."""
    assert rdpudp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\xff\xff\xff\xff\0\x40\x18\1" + bytes(1130)
    for talk in (
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        rdpudp.dissect(talk)
