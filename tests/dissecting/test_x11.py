import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, x11
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES, X_SETUP


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["x11"])
def test_its_messages_are_recognised(service, certainty, talk):
    """X11 section 8: a setup and its answer, one alone in part; XDMCP on its port."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(X_SETUP.replace(b"l\0\x0b", b"l\0\x0a", 1)),
        tcp(X_SETUP[:20]),
        tcp(X_SETUP, b"\x16\3\1\0\5hello"),
        tcp(b"login: " + bytes(12)),
        udp(b"\0\1\0\2\0\1\0", resp_p=1770),
        udp(b"\0\1\0\2\0\2\0", resp_p=177),
        udp(b"\0\1\0\x77\0\1\0", resp_p=177),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other versions, a cut setup, another answer, text; packets of another length, opcode or port."""
    assert x11.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"l\0\x0b\0\0\0"
    for talk in (
        tcp(start + one, other, resp_p=177),
        tcp(one, start + other, resp_p=177),
        udp(start + one, start + other, resp_p=177),
        udp(one, start + other, resp_p=177),
    ):
        x11.dissect(talk)
