import pytest

from analyzer.dissecting.turns import MAX_MESSAGES, agree, firsts
from tests.builders.conversations import tcp, turned, udp


def asks(octets):
    """What a client sends in these tests."""
    return octets.startswith(b"?")


def answers(octets):
    """What a server sends in these tests."""
    return octets.startswith(b"!")


@pytest.mark.parametrize("made", [tcp, udp])
def test_both_directions_are_proof_and_one_is_less(made):
    """Either way round; what one direction proves alone is the caller's to say."""
    for talk in (made(b"?a", b"!b"), turned(made(b"?a", b"!b"))):
        assert agree(talk, asks, answers) == "payload"
    for talk in (made(b"?a"), made(b"", b"!b"), turned(made(b"?a"))):
        assert agree(talk, asks, answers) == "partial"
        assert agree(talk, asks, answers, alone="payload") == "payload"


@pytest.mark.parametrize("made", [tcp, udp])
def test_a_direction_that_does_not_fit_speaks_against_it(made):
    """Two clients, two servers, a foreign answer, silence."""
    for talk in (made(b"?a", b"?b"), made(b"!a", b"!b"), made(b"?a", b"b"), made(b"a", b"!b"), made()):
        assert agree(talk, asks, answers) == ""


def test_one_form_for_both():
    """Protocols whose sides send the same."""
    assert agree(tcp(b"?a", b"?b"), asks) == "payload"
    assert agree(tcp(b"?a", b"!b"), asks) == ""


def test_first_datagrams_only():
    """A few datagrams of each direction, empty ones left out; of a stream all that is there."""
    assert firsts(udp(*[b"?a", b"!b"] * 9)) == ([b"?a"] * MAX_MESSAGES, [b"!b"] * MAX_MESSAGES)
    assert firsts(tcp(b"?a", b"", b"?c")) == ([b"?a?c"], [])
    assert agree(udp(b"?a", b"", b"a"), asks) == ""
