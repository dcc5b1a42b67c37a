import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, wireguard
from tests.builders.conversations import told, turned, udp
from tests.builders.services import DISCOVERED, PING_1, SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["wireguard"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Whitepaper section 5.4: a handshake; data that counts on in part; discovery names Tailscale."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(PING_1[:-1]),
        udp(b"\1\0\0\1" + PING_1[4:]),
        udp(b"\4\0\0\0rrrr" + bytes(40)),
        udp(b"\4\0\0\0rrrr" + bytes(8 + 17)),
        udp(PING_1, b"something else"),
        udp(DISCOVERED[:40]),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths and reserved octets, a single datagram of data, another answer, a cut discovery."""
    assert wireguard.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\1\0\0\0"
    for talk in (
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        wireguard.dissect(talk)
