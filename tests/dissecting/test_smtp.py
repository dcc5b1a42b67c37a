"""SMTP is told from FTP, which greets alike, and its STARTTLS begins TLS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, smtp
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("mail.example"), he.server_flight()
GREETING = b"220 mail.example ESMTP\r\n"
OFFER = b"250-mail.example\r\n250 STARTTLS\r\n"


@pytest.mark.parametrize("word", [b"STARTTLS", b"starttls", b"X-ANONYMOUSTLS"])
def test_starttls_begins_tls(word):
    """RFC 3207 section 4: behind the command, and behind the answer 220."""
    asked, agreed = b"EHLO me\r\n" + word + b"\r\n", GREETING + OFFER + b"220 2.0.0 Ready\r\n"
    talk = tcp(b"", GREETING, b"EHLO me\r\n", OFFER, word + b"\r\n", b"220 2.0.0 Ready\r\n", HELLO, ANSWER)
    found = dissect(talk)
    assert (told(found), found.tls_at, found.via) == (
        ("smtp", "payload"), (len(asked), len(agreed)), "starttls",
    )  # fmt: skip
    assert dissect(turned(talk)).tls_at == (len(agreed), len(asked))


def test_a_refused_starttls_begins_nothing():
    """RFC 3207 section 4: 454 leaves the session in clear, and mail may follow."""
    talk = tcp(b"", GREETING, b"EHLO me\r\nSTARTTLS\r\n", OFFER + b"454 no\r\n", b"MAIL FROM:<a@b>\r\n", b"250 ok\r\n")
    found = dissect(talk)
    assert (told(found), found.tls_at, found.via, found.rows) == (("smtp", "payload"), None, "", ())


def test_one_direction_alone():
    """The server's side by its greeting, the client's by its command; TLS behind either."""
    assert told(dissect(tcp(b"", GREETING))) == ("smtp", "payload")
    assert dissect(tcp(b"EHLO me\r\nSTARTTLS\r\n" + HELLO)).tls_at == (19, 0)
    server = GREETING + OFFER + b"220 go\r\n"
    assert dissect(tcp(b"", server + ANSWER)).tls_at == (0, len(server))


def test_other_greetings_are_not_mail():
    """FTP says 220 too, and no server of another kind is greeted with EHLO."""
    assert smtp.dissect(tcp(b"", b"220 ProFTPD ready\r\n", b"USER a\r\n", b"331 pass\r\n")) is None
    assert smtp.dissect(tcp(b"", b"220 ready\r\n")) is None
    assert smtp.dissect(tcp(b"EHLO\r\n", b"HTTP/1.1 400 Bad\r\n")) is None
    assert smtp.dissect(tcp(b"HELO x\r\n", b"SSH-2.0-a\r\n")) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever follows on greeting and command."""
    found = smtp.dissect(tcp(b"EHLO a" + client, b"220 a" + server))
    assert found.tls_at is None or found.tls_at[1] <= len(server) + 5
