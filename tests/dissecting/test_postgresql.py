"""PostgreSQL by its first message; TLS behind the S that answers SSLRequest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, postgresql
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("db.example"), he.server_flight()
SSL, GSS = b"\0\0\0\x08\x04\xd2\x16\x2f", b"\0\0\0\x08\x04\xd2\x16\x30"
START = b"\0\0\0\x1d\0\3\0\0user\0bob\0database\0x\0\0"
CANCEL = b"\0\0\0\x10\x04\xd2\x16\x2e" + b"k" * 8


@pytest.mark.parametrize(
    ("sent", "at"),
    [((SSL, b"S", HELLO, ANSWER), (8, 1)), ((GSS, b"N", SSL, b"S", HELLO, ANSWER), (16, 2))],
)
def test_tls_begins_behind_the_answer(sent, at):
    """PostgreSQL, section 53.2.11: one octet answers, also where encryption by GSSAPI was asked for first."""
    found = dissect(tcp(*sent))
    assert (told(found), found.tls_at, found.via) == (("postgresql", "payload"), at, "starttls")
    assert dissect(turned(tcp(*sent))).tls_at == at[::-1]


@pytest.mark.parametrize(
    "sent", [(SSL, b"N", START, b"R"), (START, b"R"), (CANCEL,), (SSL,), (SSL, b"S"), (GSS, b"G", b"token", b"token")]
)
def test_a_session_without_tls_is_postgresql(sent):
    """N leaves it in clear; user and database are not kept."""
    found = dissect(tcp(*sent))
    assert (told(found), found.tls_at, found.rows) == (("postgresql", "payload"), None, ())
    assert "bob" not in repr(found)


@pytest.mark.parametrize(
    "octets",
    [SSL[:7], b"\0\0\0\x09" + SSL[4:], b"\0\0\0\x1d\0\4" + START[6:], START.replace(b"user", b"role"), CANCEL + b"x"],
)
def test_other_lengths_are_not_postgresql(octets):
    """Another length, another version, a start without user."""
    assert postgresql.dissect(tcp(octets)) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever follows on a request."""
    for begin in (b"", SSL, GSS + SSL):
        postgresql.dissect(tcp(begin + client, server))
