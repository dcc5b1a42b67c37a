import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, knxip
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["knxip"])
def test_its_messages_are_recognised(service, certainty, talk):
    """ISO 22510: header, a known family of services, the length to the end."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\x06\x10\x02\x01\0\x0f" + bytes(8)),
        udp(b"\x06\x20\x02\x01\0\x0e" + bytes(8)),
        udp(b"\x06\x10\x77\x01\0\x0e" + bytes(8)),
        tcp(b"\x06\x10\x02\x01\0\x0e" + bytes(8) + b"x"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths, versions, families, and something behind."""
    assert knxip.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x06\x10\x02\x01\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        knxip.dissect(talk)
