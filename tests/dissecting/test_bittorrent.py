import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import bittorrent, dissect
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["bittorrent"])
def test_its_messages_are_recognised(service, certainty, talk):
    """BEP 3 and 5: the handshake, and messages of the distributed table."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x13BitTorrent protocoX"),
        udp(b"d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae"),
        udp(b"d3:cow3:moo4:spam4:eggse"),
        udp(b"d1:ad2:id20:"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Another name, and bencoded dictionaries without a kind of message."""
    assert bittorrent.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"d1:ad2:id20:"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        bittorrent.dissect(talk)
