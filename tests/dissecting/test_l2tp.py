import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, l2tp
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["l2tp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 2661, RFC 2637: control messages to their last octet."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\xc8\2\0\x15" + bytes(8) + b"\x80\x08\0\0\0\0\0\1"),
        udp(b"\xc8\3\0\x14" + bytes(16)),
        udp(b"\xc8\2\0\x14" + bytes(8) + b"\x80\x08\0\0\0\0\0\x77"),
        udp(b"\xc8\2\0\x14" + bytes(8) + b"\x80\x08\0\0\0\7\0\1"),
        tcp(b"\0\x9c\0\2\x1a\x2b\x3c\x4d\0\1\0\0"),
        tcp(b"\0\x9c\0\1\x1a\x2b\x3c\x4e\0\1\0\0"),
        tcp(b"\0\x9c\0\1\x1a\x2b\x3c\x4d\0\x77\0\0"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other lengths, versions, message types, attributes and cookies."""
    assert l2tp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\xc8\2\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        l2tp.dissect(talk)
