import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import cotp, dissect
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import CONNECT, SAMPLES, tpkt


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["cotp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """S7comm, S7comm-plus and MMS by what a DT carries; between selectors alone the transport."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(tpkt(b"\x11\xe0\0\0\0\1\0\xc1\2\1\0\xc2\2\1\2\xc0\2\x0a")),
        tcp(tpkt(b"\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0")),
        tcp(tpkt(b"\x0e\xe0\0\0\0\0\0Cookie: m")),
        tcp(tpkt(b"\x02\xf0\x80\x7f\x65" + bytes(30))),
        tcp(tpkt(b"\x02\xf0\x80\x32\1\0\0\0\1\0\x09\0\0" + bytes(8))),
        tcp(tpkt(b"\x02\xf0\x80\x72\1\0\x63" + bytes(8))),
        tcp(tpkt(b"\x02\xf0\x80\x0d\x20" + bytes(32))),
        tcp(CONNECT, b"HTTP/1.1 200 OK\r\n\r\n"),
        tcp(b"\x03\0\0\3" + bytes(8)),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """RDP without selectors and with T.125, lengths that disagree, a session of something else, another answer."""
    assert cotp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\3\0\0\x16\x02\xf0\x80\x32\1"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        cotp.dissect(talk)
