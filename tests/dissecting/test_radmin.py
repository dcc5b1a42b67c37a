import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, radmin
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES, radmin_packet


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["radmin"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Packets whose check sum is right, of one side in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\1\0\0\0\1\0\0\0\x09\x08"),
        tcp(b"\1\0\0\0\2\0\0\0\x08\x08"),
        tcp(bytes(20)),
        tcp(b"\1\0\0\0\4\0\0\0\0" + bytes(4)),
        tcp(radmin_packet(b"\x08"), b"HTTP/1.1 200 OK\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Another check sum, a cut packet, zeros, another answer."""
    assert radmin.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\1\0\0\0\1"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        radmin.dissect(talk)
