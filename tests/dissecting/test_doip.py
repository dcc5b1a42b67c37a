import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, doip
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["doip"])
def test_its_messages_are_recognised(service, certainty, talk):
    """ISO 13400-2: version and complement, a known type, the length to the end."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x02\xfd\0\5\0\0\0\7" + bytes(7) + b"x"),
        tcp(b"\x02\xfe\0\5\0\0\0\7" + bytes(7)),
        udp(b"\x02\xfd\x12\x34\0\0\0\0"),
        udp(b"\x02\xfd\0\1\xff\0\0\0"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Something behind the payload, no complement, an unknown type, a length that no message has."""
    assert doip.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x02\xfd\0\5\0\0\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        doip.dissect(talk)
