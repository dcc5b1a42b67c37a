"""RDP by its negotiation, told from what else rides on X.224; TLS where the server chose it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, rdp
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("desk.example"), he.server_flight()


def x224(kind, body):
    """TPKT around a connection packet of X.224."""
    inner = bytes([6 + len(body), kind, 0, 0, 0x12, 0x34, 0]) + body
    return b"\3\0" + (4 + len(inner)).to_bytes(2, "big") + inner


def negotiation(kind, protocols):
    """[MS-RDPBCGR] section 2.2.1.1.1: type, flags, length, protocols."""
    return bytes([kind, 0, 8, 0]) + protocols.to_bytes(4, "little")


COOKIE = b"Cookie: mstshash=bob\r\n"
ASKED = x224(0xE0, COOKIE + negotiation(1, 11))


@pytest.mark.parametrize("chosen", [1, 2, 4, 8])
@pytest.mark.parametrize("cookie", [COOKIE, b""])
def test_tls_begins_behind_the_confirmation(chosen, cookie):
    """[MS-RDPBCGR] section 5.4.5: TLS carries every chosen protocol but 0."""
    asked, answered = x224(0xE0, cookie + negotiation(1, 11)), x224(0xD0, negotiation(2, chosen))
    talk = tcp(asked, answered, HELLO, ANSWER)
    found = dissect(talk)
    at = len(asked), len(answered)
    assert (told(found), found.tls_at, found.via) == (("rdp", "payload"), at, "starttls")
    assert dissect(turned(talk)).tls_at == at[::-1]


@pytest.mark.parametrize("answer", [negotiation(2, 0), negotiation(3, 2), b""])
def test_without_tls_it_is_still_rdp(answer):
    """Standard security, a failure, an old server; the user in the cookie is not kept."""
    found = dissect(tcp(ASKED, x224(0xD0, answer), b"\3\0\0\x0c"))
    assert (told(found), found.tls_at, found.rows) == (("rdp", "payload"), None, ())
    assert "bob" not in repr(found)


def test_one_direction_alone():
    """The client's side by what it asks for, the server's by what it chose."""
    assert dissect(tcp(ASKED + HELLO)).tls_at == (len(ASKED), 0)
    answered = x224(0xD0, negotiation(2, 2))
    assert dissect(tcp(b"", answered + ANSWER)).tls_at == (0, len(answered))


@pytest.mark.parametrize(
    "octets",
    [
        x224(0xE0, b"\xc1\2\1\0\xc2\2\1\2\xc0\1\x0a"),  # S7
        x224(0xE0, b""),
        x224(0xF0, negotiation(1, 3)),
        ASKED[:-1],
        b"\3\0\0\x13\x0d" + ASKED[5:19],
        b"\4" + ASKED[1:],
    ],
)
def test_other_use_of_x224_is_not_rdp(octets):
    """S7 and MMS connect alike with other parameters; lengths and types must fit."""
    assert rdp.dissect(tcp(octets)) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(client, server):
    """Whatever stands in the packets and behind them."""
    rdp.dissect(tcp(x224(0xE0, client[:60]), x224(0xD0, server[:60])))
    rdp.dissect(tcp(ASKED + client, b"\3\0" + server))
