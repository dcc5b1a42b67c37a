"""IMAP by greeting and tagged commands; TLS behind a STARTTLS whose own tag was answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, imap
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("mail.example"), he.server_flight()
GREETING = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"


def test_starttls_begins_tls():
    """RFC 9051 section 6.2.1: behind the command, and behind the OK of the same tag."""
    client, server = b"a1 CAPABILITY\r\na2 STARTTLS\r\n", GREETING + b"* CAPABILITY X\r\na1 OK\r\na2 OK go\r\n"
    talk = tcp(b"", server, client, b"", HELLO, ANSWER)
    found = dissect(talk)
    assert (told(found), found.tls_at) == (("imap", "payload"), (len(client), len(server)))
    assert dissect(turned(talk)).tls_at == (len(server), len(client))


def test_an_answer_to_another_tag_begins_nothing():
    """What was agreed to was not STARTTLS."""
    server = GREETING + b"a1 OK done\r\n"
    assert dissect(tcp(b"", server, b"a2 STARTTLS\r\n" + HELLO, ANSWER)).tls_at is None


def test_a_login_in_clear_is_imap_and_stays_out():
    """Nothing of it is kept."""
    found = dissect(tcp(b"", GREETING, b"a1 LOGIN bob hunter2\r\n", b"a1 OK\r\n"))
    assert (told(found), found.tls_at, found.rows) == (("imap", "payload"), None, ())
    assert "hunter2" not in repr(found)
    assert told(dissect(tcp(b"", GREETING))) == ("imap", "payload")


def test_other_text_is_not_imap():
    """Bullet points, POP3, a command without its server."""
    assert imap.dissect(tcp(b"hello\r\n", b"* OK\r\n")) is None
    assert imap.dissect(tcp(b"", b"+OK POP3\r\n", b"CAPA\r\n", b"+OK\r\n")) is None
    assert imap.dissect(tcp(b"a LIST x\r\n", b"")) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever follows on greeting and command."""
    imap.dissect(tcp(b"a1 STARTTLS" + client, b"* OK " + server))
