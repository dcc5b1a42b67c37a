"""As little as a protocol is known by."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.conversations import Conversation, Message, Stream
from analyzer.dissecting import dissect
from analyzer.extracting.least import MOST_KEPT, least
from tests.builders import secrets
from tests.builders.services import phasor, radmin_packet

STREAMS = [
    (port, b"".join(octets for side, octets in said if side == "c"), b"".join(o for side, o in said if side == "s"))
    for port, said in secrets.STREAMS
    if port not in (80, 3128, 443, 53)
]


def unmarked(_octets):
    """No mark."""
    return b""


def streams(port, orig, resp):
    """A connection that says so much."""
    return Conversation(0, 6, 40000, port, Stream(orig), Stream(resp))


def datagrams(port, *told):
    """A flow of datagrams from its originator."""
    return Conversation(0, 17, 40000, port, messages=tuple(Message(0, at, True, one) for at, one in enumerate(told)))


def zeros(talk):
    """Nothing of it."""
    texts = (talk.orig.octets, talk.resp.octets) if talk.proto == 6 else [one.octets for one in talk.messages]
    return [bytes(len(text)) for text in texts]


@pytest.mark.parametrize(("port", "orig", "resp"), STREAMS, ids=[str(row[0]) for row in STREAMS])
def test_a_stream_is_known_without_its_secrets(port, orig, resp):
    """By a few octets, where it was known before."""
    talk = streams(port, orig, resp)
    kept = least(talk, zeros(talk), unmarked)
    before, after = dissect(talk), dissect(streams(port, *kept))
    assert (before and (before.service, before.certainty)) == (after and (after.service, after.certainty))
    assert [len(text) for text in kept] == [len(orig), len(resp)]
    assert not [secret for secret in secrets.SECRETS if secret in b"\n".join(kept).lower()]


@pytest.mark.parametrize(("port", "octets"), secrets.DATAGRAMS, ids=[str(row[0]) for row in secrets.DATAGRAMS])
def test_a_datagram_is_known_without_its_secrets(port, octets):
    """By a few octets, where it was known before."""
    talk = datagrams(port, octets)
    (kept,) = least(talk, zeros(talk), unmarked)
    before, after = dissect(talk), dissect(datagrams(port, kept))
    assert (before and before.service) == (after and after.service)
    assert len(kept) == len(octets)
    assert not [secret for secret in secrets.SECRETS if secret in kept.lower()]


def test_what_no_dissector_knows_is_known_to_none_afterwards():
    """And nothing of it is kept but its mark."""
    talk = datagrams(4445, b"\x99 nobody knows this", b"\x98 nor this")
    kept = least(talk, zeros(talk), lambda octets: b"MARK" + octets[:1])
    assert dissect(datagrams(4445, *kept)) is None
    assert [octets[-5:] for octets in kept] == [b"MARK\x99", b"MARK\x98"]
    assert b"nobody" not in kept[0]


STATION = b"DeltaPMU Phasor1 kV"
SUMMED = [
    ("tcp", 4712, phasor(4, STATION), phasor(0, STATION[::-1])),
    ("udp", 4712, phasor(3, STATION), phasor(0, STATION[::-1])),
    ("tcp", 4899, radmin_packet(STATION), radmin_packet(STATION[::-1] + b"tail") + STATION),
]


@pytest.mark.parametrize(("kind", "port", "one", "other"), SUMMED, ids=["pmu-tcp", "pmu-udp", "radmin"])
def test_what_a_check_sum_covers_is_not_kept(kind, port, one, other):
    """Its dissector misses any octet that is changed; contents are zeroed all the same, and the sum is right."""
    talk = streams(port, one, other) if kind == "tcp" else datagrams(port, one, other)
    kept = least(talk, zeros(talk), lambda octets: octets[-4:-2] * 2)
    again = streams(port, *kept) if kind == "tcp" else datagrams(port, *kept)
    assert dissect(again) == dissect(talk) is not None
    assert [len(text) for text in kept] == [len(one), len(other)]
    whole = (one + other, b"".join(kept))
    assert not [at for at in range(len(STATION) - 4) if STATION[at : at + 5] in whole[1]]
    assert not [at for at in range(len(STATION) - 4) if STATION[::-1][at : at + 5] in whole[1]]
    assert len({*kept}) == len({one, other})


def test_what_takes_too_much_is_not_kept(monkeypatch):
    """A protocol that is known by all of its octets gives none of them away."""
    monkeypatch.setattr("analyzer.extracting.least.dissect", lambda talk: dissected if long(talk) else None)
    dissected = dissect(streams(22, b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n"))
    secret = bytes(range(1, MOST_KEPT + 9))

    def long(talk):
        return talk.orig.octets == secret

    talk = streams(9, secret, b"")
    assert least(talk, zeros(talk), unmarked) == [bytes(len(secret)), b""]


@settings(max_examples=50)
@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from([21, 25, 161, 1883, 5060, 9999]))
def test_any_octets_are_as_many_afterwards(one, other, port):
    """Whatever they are, nothing is raised."""
    for talk in (streams(port, one, other), datagrams(port, one, other)):
        assert [len(text) for text in least(talk, zeros(talk), unmarked)] == [len(one), len(other)]
