import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, socks
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import BIND_4, CLIENT_HELLO, SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["socks"])
def test_its_messages_are_recognised(service, certainty, talk):
    """SOCKS 4 and RFC 1928: a request and its answer; an unmistakable request alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\5\1\0"),
        tcp(b"\5\1\0", b"\5\2"),
        tcp(b"\5\1\0", b"\5\0HTTP"),
        tcp(b"\5\0", b"\5\0"),
        tcp(BIND_4 + b"more"),
        tcp(BIND_4, b"\0\x99" + bytes(6)),
        tcp(b"\4\3\1\xbb\xc0\0\2\7\0"),
        tcp(b"\5\1\0" + b"GET / HTTP/1.0\r\n\r\n", b"\5\0HTTP/1.0 200 OK\r\n"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """One direction, a method that was not offered, something else behind, unknown commands and answers."""
    assert socks.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\5\1\0\5\1\0\3"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        socks.dissect(talk)


def test_tls_begins_behind_an_accepted_request():
    """Offsets in the streams of originator and responder, for both versions, either way round."""
    by_name = b"\5\1\0\5\1\0\3\7example\1\xbb"
    for client, server in ((by_name, b"\5\0\5\0\0\1" + bytes(6)), (BIND_4, b"\0\x5a" + bytes(6))):
        talk = tcp(client + CLIENT_HELLO, server)
        assert (dissect(talk).tls_at, dissect(talk).via) == ((len(client), len(server)), "connect")
        assert dissect(turned(talk)).tls_at == (len(server), len(client))


def test_tls_of_the_server_alone_is_found():
    """A capture may lack what the client said behind its request."""
    answered = b"\0\x5a" + bytes(6)
    assert dissect(tcp(BIND_4, answered + b"\x16\3\3\0\x51\2")).tls_at == (9, 8)
    assert dissect(tcp(BIND_4, answered + b"220 mail\r\n")).tls_at is None


def test_what_is_carried_else_or_refused_has_no_tls():
    """HTTP through the proxy, a request that the proxy turned down, a login without a word kept."""
    assert dissect(tcp(BIND_4 + b"GET / HTTP/1.1\r\n\r\n", b"\0\x5a" + bytes(6))).tls_at is None
    assert dissect(tcp(BIND_4 + CLIENT_HELLO, b"\0\x5b" + bytes(6))).tls_at is None
    login = b"\5\1\2\1\5alice\6secret"
    asked = tcp(login + b"\5\1\0\1\xc0\0\2\7\1\xbb" + CLIENT_HELLO, b"\5\2\1\0\5\0\0\1" + bytes(6))
    assert (told(dissect(asked)), dissect(asked).rows) == (("socks", "payload"), ())
    assert dissect(asked).tls_at == (len(login) + 10, 14)
