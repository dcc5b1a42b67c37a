"""POP3 is told from what else says +OK; TLS behind STLS."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, pop3
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("mail.example"), he.server_flight()
GREETING = b"+OK Dovecot ready.\r\n"


def test_stls_begins_tls():
    """RFC 2595 section 4: behind the command, and behind the answer to it."""
    capable, agreed = b"+OK\r\nSTLS\r\n.\r\n", b"+OK Begin TLS\r\n"
    talk = tcp(b"", GREETING, b"CAPA\r\n", capable, b"STLS\r\n", agreed, HELLO, ANSWER)
    found = dissect(talk)
    at = 12, len(GREETING + capable + agreed)
    assert (told(found), found.tls_at, found.via) == (("pop3", "payload"), at, "starttls")
    assert dissect(turned(talk)).tls_at == at[::-1]


def test_a_login_in_clear_is_pop3_and_stays_out():
    """Nothing of it is kept; the server's side alone must name the protocol."""
    found = dissect(tcp(b"", GREETING, b"USER bob\r\n", b"+OK\r\n", b"PASS hunter2\r\n", b"+OK\r\n"))
    assert (told(found), found.tls_at, found.rows) == (("pop3", "payload"), None, ())
    assert told(dissect(tcp(b"", b"+OK POP3 server\r\n"))) == ("pop3", "payload")
    assert pop3.dissect(tcp(b"", GREETING)) is None


def test_a_server_that_is_asked_first_is_another():
    """Redis answers AUTH and QUIT with +OK."""
    assert pop3.dissect(tcp(b"AUTH secret\r\n", b"+OK\r\n", b"QUIT\r\n", b"+OK\r\n")) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever follows on greeting and command."""
    pop3.dissect(tcp(b"", b"+OK " + server, b"STLS" + client))
