"""DTLS hellos are put together from datagrams, whatever their order, and read as those of TLS."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.dissecting import dissect, dtls
from tests.builders import datagrams as dg
from tests.builders import hellos as he
from tests.builders.conversations import told, turned, udp

COOKIE = b"\x99" * 8
DER = b"\x30\x03\x02\x01\x05"
FIRST = dg.client_hello_message("plant.example", padding=300)
SECOND = dg.client_hello_message("plant.example", cookie=COOKIE, padding=300)
PLAIN = dg.client_hello_message("plant.example", padding=300)
FLIGHT = [
    he.server_hello_message(version=dg.V12), he.certificate_message(DER * 90), he.handshake(12, b"k" * 200),
    he.handshake(14, b""),
]  # fmt: skip
STUN = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"t" * 12


def messages(stream):
    """(type, body) of the handshake messages in the records of a stream of TLS."""
    octets, joined, at = stream.octets, b"", 0
    while at < len(octets):
        size = int.from_bytes(octets[at + 3 : at + 5], "big")
        joined += octets[at + 5 : at + 5 + size] if octets[at] == he.HANDSHAKE else b""
        at += 5 + size
    found = []
    while len(joined) >= 4:
        size = int.from_bytes(joined[1:4], "big")
        found.append((joined[0], joined[4 : 4 + size]))
        joined = joined[4 + size :]
    return found


def hello_of(message):
    """The body of a ClientHello of DTLS as TLS would have written it, without its cookie."""
    body = message[4:]
    at = 35 + body[34]
    return body[:at] + body[at + 1 + body[at] :]


def pieces(message, number, size):
    """The records that carry a message in fragments of so many octets."""
    count = max(-(-(len(message) - 4) // size), 1)
    return [dg.record(he.HANDSHAKE, dg.fragment(message, number, k * size, size)) for k in range(count)]


def test_a_hello_in_one_datagram_is_read():
    """RFC 6347 section 4.2: type, length and body remain, what DTLS adds goes."""
    found = dissect(udp(dg.handshake(PLAIN, 0)))
    assert (told(found), found.tls_at, found.via) == (("dtls", "payload"), (0, 0), "dtls")
    assert messages(found.inner[0]) == [(1, hello_of(PLAIN))]
    assert found.inner[1].octets == b""


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 500), st.randoms(use_true_random=False), st.booleans())
def test_fragments_are_put_together_in_any_order(size, random, again):
    """RFC 6347 section 4.2.3: fragments come in any order, overlap, come twice."""
    parts = [part for number, message in enumerate(FLIGHT) for part in pieces(message, number, size)]
    parts += pieces(FLIGHT[1], 1, size + 7) if again else []
    random.shuffle(parts)
    talk = udp(dg.handshake(PLAIN, 0), *itertools.chain.from_iterable((part, b"") for part in parts))
    assert len(talk.messages) <= 64
    assert messages(dtls.dissect(talk).inner[1]) == [(message[0], message[4:]) for message in FLIGHT]


def test_the_hello_with_the_cookie_counts():
    """RFC 6347 section 4.2.1: a HelloVerifyRequest asks for the same hello again; it is no part of the session."""
    talk = udp(
        dg.handshake(FIRST, 0), dg.handshake(dg.verify_message(COOKIE), 0), dg.handshake(SECOND, 1),
        b"".join(dg.handshake(message, 1 + k) for k, message in enumerate(FLIGHT)),
    )  # fmt: skip
    found = dissect(talk)
    client, server = found.inner
    assert messages(client) == [(1, hello_of(SECOND))]
    assert [kind for kind, _ in messages(server)] == [2, 11, 12, 14]
    assert (client.at(0).frame, server.at(0).frame) == (3, 4)


def test_the_frame_of_a_hello_is_that_of_its_last_fragment():
    """A hello begins in one datagram and ends in another."""
    parts = pieces(PLAIN, 0, 200)
    found = dissect(udp(parts[0], b"", parts[1], b"", *parts[2:]))
    client = found.inner[0]
    assert (client.at(0).frame, client.at(len(client.octets) - 1).frame) == (1, 2 * len(parts) - 1)


def test_after_a_hello_retry_request_the_first_hello_stays_the_first():
    """RFC 9147 section 5: DTLS 1.3 asks again without a cookie of its own; both hellos belong to the session."""
    retry = he.server_hello_message(version=dg.V12, selected=0xFEFC, cipher=0x1301, random=he.RETRY)
    again = dg.client_hello_message("plant.example")
    found = dissect(udp(dg.handshake(PLAIN, 0), dg.handshake(retry, 0), dg.handshake(again, 1)))
    assert messages(found.inner[0]) == [(1, hello_of(PLAIN)), (1, hello_of(again))]


def test_the_client_may_be_the_responder_and_stun_may_stand_between():
    """RFC 7983: STUN, DTLS and SRTP share a flow, and WebRTC leaves open who begins with which."""
    talk = turned(udp(STUN, STUN, dg.handshake(PLAIN, 0), dg.handshake(FLIGHT[0], 0), b"\x80" * 40))
    found = dissect(talk)
    assert told(found) == ("dtls", "payload")
    assert messages(found.inner[0]) == [(1, hello_of(PLAIN))]
    assert messages(found.inner[1])[0][0] == 2


def test_what_follows_the_handshake_is_listed():
    """ChangeCipherSpec, alerts and data become records of TLS; encrypted ones of DTLS 1.3 are data."""
    alert, unified = dg.record(21, b"\2\x28"), b"\x2f\0\1\0\5" + b"e" * 5 + b"\x2b\0\2" + b"f" * 9
    ccs, data = dg.record(20, b"\1"), dg.record(23, b"d" * 40, epoch=1)
    found = dissect(udp(dg.handshake(PLAIN, 0) + ccs + data + alert, dg.handshake(FLIGHT[0], 0), unified))
    octets = found.inner[0].octets
    kinds, at = [], 0
    while at < len(octets):
        kinds.append((octets[at], int.from_bytes(octets[at + 3 : at + 5], "big")))
        at += 5 + kinds[-1][1]
    assert kinds[1:] == [(20, 1), (23, 40), (21, 2), (23, 5), (23, 9)]


def test_behind_a_lost_message_nothing_is_said():
    """A server whose Certificate was lost must not look as if it had resumed a session."""
    ccs = dg.record(20, b"\1")
    lost = dissect(udp(dg.handshake(PLAIN, 0), dg.handshake(FLIGHT[0], 0) + dg.handshake(FLIGHT[3], 3) + ccs))
    assert messages(lost.inner[1]) == [(2, FLIGHT[0][4:])]
    assert not lost.inner[1].octets.endswith(b"\x14\3\3\0\1\1")


def test_a_session_under_way_is_partial():
    """Only encrypted records: whole ones, of an epoch that a session comes to."""
    data = dg.record(23, b"d" * 40, epoch=1)
    assert told(dissect(udp(data, data))) == ("dtls", "partial")
    assert dissect(udp(data[:-1])) is None
    assert dissect(udp(data + b"x")) is None
    assert dissect(udp(dg.record(23, b"d" * 40, epoch=900))) is None


def test_a_long_datagram_of_which_the_beginning_was_kept_is_read():
    """A certificate chain in one datagram may be cut: the messages before it are whole."""
    flight = b"".join(dg.handshake(message, k) for k, message in enumerate(FLIGHT))
    found = dissect(udp(dg.handshake(PLAIN, 0), flight[:300]))
    assert messages(found.inner[1])[0] == (2, FLIGHT[0][4:])


@pytest.mark.parametrize(
    "octets",
    [
        STUN,
        he.client_hello("a.example"),
        dg.record(22, b"x" * 30, version=0x0303),
        dg.record(40, b"x" * 30),
        dg.record(22, b"\1\0\1\0\0\0\0\0\0\0\2\0" + b"x" * 512),
        dg.record(22, b"\1\0\0\4\xff\xff\0\0\0\0\0\4aaaa"),
        dg.record(22, b""),
        b"\x2f\0\1\0\5" + b"e" * 5,
        b"\x17",
        b"\x80" * 60,
    ],
)
def test_other_datagrams_are_not_dtls(octets):
    """STUN, TLS, another version or type, fragments longer than their message, encrypted octets alone, RTP."""
    assert dtls.dissect(udp(octets, octets)) is None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 500), st.integers(0, 255), st.integers(1, 500)), max_size=6)
)
def test_damaged_datagrams_never_raise(wrong):
    """Whatever octets are wrong or missing, the streams are whole records."""
    flight = b"".join(map(dg.handshake, FLIGHT, range(1, 5)))
    whole = dg.handshake(FIRST, 0), dg.handshake(dg.verify_message(), 0), dg.handshake(SECOND, 1), flight
    sent = [bytearray(octets) for octets in whole]
    for k, at, value, keep in wrong:
        sent[k][at % len(sent[k])] = value
        del sent[k][max(keep, 20) :]
    found = dtls.dissect(udp(*map(bytes, sent)))
    for stream in found.inner if found and found.inner else ():
        octets, at = stream.octets, 0
        while at < len(octets):
            assert octets[at + 1 : at + 3] == b"\3\3"
            at += 5 + int.from_bytes(octets[at + 3 : at + 5], "big")
        assert at == len(octets)


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_any_octets_never_raise(sent):
    """Whatever comes in a datagram."""
    dtls.dissect(udp(*sent))
