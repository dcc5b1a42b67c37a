import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, kerberos
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, TICKET


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["kerberos"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 4120 section 5: the number in the tag is the type in the message, the version 5."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(TICKET[:10]),
        udp(b"\x6c" + TICKET[1:]),
        udp(TICKET.replace(b"\xa1\3\2\1\5", b"\xa1\3\2\1\4")),
        tcp(TICKET),
        tcp(b"\0\0\0\1" + TICKET),
        udp(b"\x60" + TICKET[1:]),
        udp(TICKET, b"no"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """A cut message, another type or version, no length or a wrong one over TCP, another answer."""
    assert kerberos.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x6a\x20\x30\x1e\xa1"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        kerberos.dissect(talk)
