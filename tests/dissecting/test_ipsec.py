import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, ipsec
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES, esp, ike


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["ipsec"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 7296, RFC 2408: IKE on any port; RFC 3948: ESP and keepalives, on their port in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(ike(0x20, 34)[:-1]),
        udp(ike(0x20, 2)),
        udp(ike(0x30, 34)),
        udp(ike(0x21, 34)),
        udp(bytes(8) + ike(0x20, 34)[8:]),
        udp(esp(0x9000, 1), esp(0x7000, 1)),
        udp(esp(0x90, 1), resp_p=4500),
        udp(esp(0x9000, 9), b"", esp(0x9000, 1), resp_p=4500),
        udp(b"\xfe", resp_p=4500),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths, exchanges and versions, no SPI; ESP off its port, with a reserved SPI, or counting down."""
    assert ipsec.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x11" * 8 + bytes(8) + b"\x21\x20\x22\x08"
    for talk in (
        udp(start + one, start + other, resp_p=4500),
        udp(one, start + other, resp_p=4500),
    ):
        ipsec.dissect(talk)
