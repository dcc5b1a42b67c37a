"""TDS by its first packets; TLS out of packets of type pre-login, then as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.dissecting import dissect, tds
from tests.builders import hellos as he
from tests.builders.conversations import tcp, told, turned

HELLO, ANSWER = he.client_hello("db.example"), he.server_flight()
FINISHED, DATA = he.tls_record(20, b"\1") + he.tls_record(22, b"f" * 40), he.tls_record(23, b"d" * 60)


def packet(kind, body):
    """A packet: type, status, length, process, number, window."""
    return bytes([kind, 1]) + (8 + len(body)).to_bytes(2, "big") + b"\0\0\1\0" + body


TOKENS = b"\0\0\x0b\0\6\1\0\x11\0\1\xff" + b"\x0f\0\7\xd0\0\0" + b"\1"
ASKED, ANSWERED = packet(0x12, TOKENS), packet(0x04, TOKENS)


def wrapped(octets, size):
    """Octets in packets of type pre-login."""
    return b"".join(packet(0x12, octets[at : at + size]) for at in range(0, len(octets), size))


@settings(max_examples=40)
@given(st.integers(5, 900))
def test_tls_comes_out_of_its_packets(size):
    """[MS-TDS] section 2.2.6.5: the handshake in packets, what follows on it as it is."""
    talk = tcp(
        ASKED, ANSWERED, wrapped(HELLO, size), wrapped(ANSWER, size), wrapped(FINISHED, size),
        wrapped(FINISHED, size), DATA, DATA,
    )  # fmt: skip
    found = dissect(talk)
    assert (told(found), found.tls_at, found.via) == (("tds", "payload"), (0, 0), "starttls")
    assert [stream.octets for stream in found.inner] == [HELLO + FINISHED + DATA, ANSWER + FINISHED + DATA]
    client, server = found.inner
    assert (client.at(0).frame, server.at(0).frame) == (3, 4)
    assert client.at(len(HELLO) + 1).frame == 5
    assert client.at(len(client.octets) - 1).frame == 7
    assert dissect(turned(talk)).inner == found.inner


def test_a_packet_in_two_segments_keeps_its_frames():
    """Octets are told the frame that brought them, not that of the packet's header."""
    sent = wrapped(HELLO, 900)
    found = dissect(tcp(ASKED, ANSWERED, sent[:50], b"", sent[50:]))
    assert found.inner[0].at(0).frame == 3
    assert found.inner[0].at(len(HELLO) - 1).frame == 5


def test_a_session_without_tls_is_tds():
    """A pre-login alone, a login of TDS 7 or 5; nothing of it is kept."""
    login = packet(0x10, (48).to_bytes(4, "little") + b"\4\0\0\x74" + b"bob" + bytes(37))
    old = b"\2\0\2\0\0\0\0\0" + b"host" + bytes(500)
    for talk in (tcp(ASKED, ANSWERED, login), tcp(login), tcp(old, packet(4, b"\xad\1\0x"))):
        found = dissect(talk)
        assert (told(found), found.tls_at, found.inner, found.rows) == (("tds", "payload"), None, None, ())
        assert "bob" not in repr(found)


@pytest.mark.parametrize(
    "octets",
    [
        packet(0x12, b"\1" + TOKENS[1:]), packet(0x12, TOKENS[:10] + TOKENS[11:]), packet(0x12, b"\0\0\x0b\1\6\xff"),
        ASKED[:7] + b"\1" + ASKED[8:], packet(0x10, b"\1\0\0\0" + bytes(40)), packet(0x02, bytes(504)), ASKED[:9], b"",
    ],
)  # fmt: skip
def test_other_packets_are_not_tds(octets):
    """Tokens that do not begin with the version, do not end, point outside; another header or login."""
    assert tds.dissect(tcp(octets)) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(client, server):
    """Whatever follows on the pre-login."""
    for begin in (b"\x12\1", b"\x16\3", b""):
        tds.dissect(tcp(ASKED + begin + client, ANSWERED + begin + server))
    tds.dissect(tcp(packet(0x12, client), packet(0x04, server)))
