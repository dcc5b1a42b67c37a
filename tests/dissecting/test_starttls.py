"""TLS behind lines of text begins where both sides said so, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, starttls
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("a.example"), he.server_flight()
UPGRADES = [
    ("ftp", b"220 ready\r\n", b"AUTH TLS\r\n", b"234 go\r\n"),
    ("ftp", b"220-a\r\n220 b\r\n", b"auth ssl\r\n", b"234-AUTH\r\n234 go\r\n"),
    ("nntp", b"200 ready\r\n", b"STARTTLS\r\n", b"382 go\r\n"),
    ("sieve", b'"IMPLEMENTATION" "x"\r\nOK\r\n', b"STARTTLS\r\n", b'OK "begin"\r\n'),
    ("irc", b":a NOTICE AUTH :hello\r\n", b"CAP LS\r\nSTARTTLS\r\n", b":a 670 b :go\r\n"),
]


@pytest.mark.parametrize(("service", "greeting", "asked", "agreed"), UPGRADES)
def test_tls_begins_behind_the_last_lines(service, greeting, asked, agreed):
    """The offsets are those behind the request and behind the answer, from either side of the capture."""
    talk = tcp(b"", greeting, asked, agreed, HELLO, ANSWER)
    found = dissect(talk)
    at = len(asked), len(greeting + agreed)
    assert (told(found), found.tls_at, found.via) == ((service, "payload"), at, "starttls")
    assert dissect(turned(talk)).tls_at == at[::-1]


@pytest.mark.parametrize(("service", "greeting", "asked", "agreed"), UPGRADES)
def test_without_tls_there_is_no_upgrade(service, greeting, asked, agreed):
    """Asked and agreed to is not begun, and what was not asked for is none of it."""
    assert starttls.dissect(tcp(b"", greeting, asked, agreed)) is None
    assert starttls.dissect(tcp(b"", greeting, b"NOOP\r\n", agreed, HELLO, ANSWER)) is None
    assert starttls.dissect(tcp(b"", greeting, asked, b"500 no\r\n", HELLO, ANSWER)) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever stands where, TLS begins within the octets seen or not at all."""
    for one, other in ((client, server), (client + b"\nSTARTTLS\r\n" + HELLO, server + b"\n382 go\r\n")):
        found = starttls.dissect(tcp(one, other))
        assert found is None or (found.tls_at[0] <= len(one) and found.tls_at[1] <= len(other))
