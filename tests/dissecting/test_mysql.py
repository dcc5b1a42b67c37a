"""MySQL by the server's greeting; TLS behind the client's SSL request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, mysql
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("db.example"), he.server_flight()


def packet(number, body):
    """A packet: length, number, body."""
    return len(body).to_bytes(3, "little") + bytes([number]) + body


GREETING = packet(
    0, b"\x0a8.0.36\0" + b"\1\0\0\0saltsalt\0\xff\xff\xff\2\0\xff\xdf\x15" + bytes(10) + b"s" * 12 + b"\0plugin\0"
)
REQUEST = packet(1, b"\x85\xae\xff\x19" + b"\0\0\0\1" + b"\xff" + bytes(23))
SHORT = packet(1, b"\x85\x08\0\0\1")
LOGIN = packet(1, b"\x85\xa6\xff\x19" + b"\0\0\0\1" + b"\xff" + bytes(23) + b"bob\0\x14" + b"h" * 20)


@pytest.mark.parametrize("request_of_tls", [REQUEST, SHORT])
def test_tls_begins_behind_the_request(request_of_tls):
    """MySQL Internals, "SSLRequest": the server answers nothing in clear."""
    talk = tcp(b"", GREETING, request_of_tls + HELLO, ANSWER)
    found = dissect(talk)
    at = len(request_of_tls), len(GREETING)
    assert (told(found), found.tls_at, found.via) == (("mysql", "payload"), at, "starttls")
    assert dissect(turned(talk)).tls_at == at[::-1]


def test_one_direction_alone():
    """The server's side by its greeting, the client's by a request with TLS behind it."""
    assert told(dissect(tcp(b"", GREETING))) == ("mysql", "payload")
    assert dissect(tcp(REQUEST + HELLO)).tls_at == (len(REQUEST), 0)
    assert mysql.dissect(tcp(REQUEST)) is None


def test_a_login_in_clear_stays_out():
    """Nothing of it is kept."""
    found = dissect(tcp(b"", GREETING, LOGIN, packet(2, b"\0\0\0\2\0\0\0")))
    assert (told(found), found.tls_at, found.rows) == (("mysql", "payload"), None, ())


@pytest.mark.parametrize(
    "octets",
    [
        GREETING[:-1], b"\x01" + GREETING[1:], GREETING[:3] + b"\1" + GREETING[4:],
        GREETING.replace(b"8.0.36", b"x.0.36"), packet(0, b"\x0a8.0.36\0"),
    ],
)  # fmt: skip
def test_other_packets_are_no_greeting(octets):
    """Cut, another length or number, a version that is none, nothing behind it."""
    assert mysql.dissect(tcp(b"", octets)) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(client, server):
    """Whatever follows on greeting and request."""
    mysql.dissect(tcp(REQUEST + client, GREETING + server))
    mysql.dissect(tcp(packet(1, client), packet(0, b"\x0a8" + server)))
