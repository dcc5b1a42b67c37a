"""LDAP by its messages; TLS behind a StartTLS that succeeded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, ldap
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned, udp

HELLO, ANSWER = he.client_hello("dc.example"), he.server_flight()


def ber(tag, body, *, long=False):
    """An element; Windows writes every length in four octets."""
    return bytes([tag]) + (b"\x84" + len(body).to_bytes(4, "big") if long else bytes([len(body)])) + body


def message(number, tag, body, *, long=False):
    """A message (RFC 4511 section 4.1.1)."""
    return ber(0x30, b"\2\1" + bytes([number]) + ber(tag, body, long=long), long=long)


START = message(1, 0x77, ber(0x80, b"1.3.6.1.4.1.1466.20037"))
SUCCESS = b"\x0a\1\0\4\0\4\0"
BIND = message(2, 0x60, b"\2\1\3\4\2cn" + ber(0x80, b"hunter2"))


@pytest.mark.parametrize("long", [False, True])
def test_starttls_begins_tls(long):
    """RFC 4511 section 4.14: behind the request, and behind its successful answer."""
    answer = message(1, 0x78, SUCCESS, long=long)
    talk = tcp(START, answer, HELLO, ANSWER)
    found = dissect(talk)
    at = len(START), len(answer)
    assert (told(found), found.tls_at, found.via) == (("ldap", "payload"), at, "starttls")
    assert dissect(turned(talk)).tls_at == at[::-1]


def test_a_refused_starttls_begins_nothing():
    """RFC 4511 section 4.14.2: any other result leaves the session in clear."""
    refused = message(1, 0x78, b"\x0a\1\2\4\0\4\0")
    assert dissect(tcp(START, refused, BIND)).tls_at is None
    assert dissect(tcp(START, message(9, 0x78, SUCCESS), HELLO, ANSWER)).tls_at is None


def test_a_bind_in_clear_is_ldap_and_stays_out():
    """Name and password are not kept."""
    found = dissect(tcp(BIND, message(2, 0x61, SUCCESS)))
    assert (told(found), found.tls_at, found.rows) == (("ldap", "payload"), None, ())
    assert "hunter2" not in repr(found)


def test_windows_asks_for_its_controller_over_udp():
    """[MS-ADTS] section 6.3.3: one search in a datagram."""
    search = message(1, 0x63, b"\4\0\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0\x87\4test0\0", long=True)
    assert told(dissect(udp(search, resp_p=389))) == ("ldap", "payload")


@pytest.mark.parametrize(
    "octets",
    [
        ber(0x30, b"\2\1\0\4\6public\xa0\x03abc"),  # SNMP version 1
        ber(0x30, b"\2\1\3\x30\x02\2\0"),  # SNMP version 3
        message(1, 0x41, b"x"),
        ber(0x30, b"\2\5\1\2\3\4\5" + ber(0x60, b"x")),
        b"\x30\x85\1\1\1\1\1",
        b"\x30",
        b"0" * 40,
    ],
)
def test_other_ber_is_not_ldap(octets):
    """SNMP is BER too; operations are known; ids have four octets at most; lengths are told."""
    assert ldap.dissect(udp(octets)) is None
    assert ldap.dissect(tcp(octets)) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever stands in a message, over TCP and UDP."""
    for body in (client, b"\x30" + client, START + client):
        ldap.dissect(tcp(body, b"\x30" + server))
        ldap.dissect(udp(body))
