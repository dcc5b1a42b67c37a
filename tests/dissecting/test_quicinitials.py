from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.conversations import Message
from analyzer.dissecting import quicinitials as qi
from analyzer.dissecting.quicpackets import read_packets
from tests.builders import quicsealing as qs
from tests.builders.hellos import client_hello_message, server_hello_message

HELLO = client_hello_message("a.example")


def opened(*sent):
    """The opener after datagrams of (from the originator, octets)."""
    opener = qi.Opener()
    packets = [
        qi.Received(turn, Message(turn, turn + 1, bool(side), octets), packet)
        for turn, (side, octets) in enumerate(sent)
        for packet in read_packets(octets)
    ]
    opener.open_all(packets)
    return opener


def initial(name="a.example", **given):
    """A client's Initial."""
    return qs.initial(qs.crypto(0, client_hello_message(name)), **given)


def test_each_first_id_is_an_attempt():
    """Two connections of one flow keep their streams apart."""
    made = opened((1, initial("one.example", to=b"1" * 8)), (1, initial("two.example", to=b"2" * 8))).attempts
    assert [b"one" in one.streams[qi.CLIENT].first(999) for one in made] == [True, False]
    assert qi.chosen(made) is made[1]


def test_the_attempt_that_was_answered_is_chosen():
    """Else the last with a whole hello, else the last; nothing of nothing."""
    answer = qs.initial(qs.crypto(0, server_hello_message()), to=b"", first_id=b"1" * 8, side="server")
    sent = [(1, initial(to=b"1" * 8)), (1, initial(to=b"2" * 8)), (1, qs.initial(b"\1" * 30, to=b"3" * 8))]
    made = opened(*sent).attempts
    assert qi.chosen(made) is made[1]
    made = opened(*sent, (0, answer)).attempts
    assert qi.chosen(made) is made[0]
    made = opened(*sent[2:], (1, qs.initial(b"\1" * 30, to=b"4" * 8))).attempts
    assert qi.chosen(made) is made[1]
    assert qi.chosen([]) is None


def test_a_short_id_is_only_tried_with_a_token():
    """RFC 9000 section 7.2 asks for eight octets of who has no Retry."""
    assert opened((1, initial(to=b"short"))).attempts == []
    assert len(opened((1, initial(to=b"short", token=b"token"))).attempts) == 1


def test_keys_and_tries_are_bounded():
    """A flow whose every datagram names another id derives few keys, and one full of packets tries few."""
    wrong = [(1, initial(to=bytes([k]) * 8, first_id=b"x" * 8)) for k in range(16)]
    with patch.object(qi, "initial_keys", wraps=qi.initial_keys) as derived:
        assert opened(*wrong).attempts == []
        assert derived.call_count == qi.MAX_KEYS
        assert len(opened(*[(1, initial(to=bytes([k]) * 8)) for k in range(16)]).attempts) == qi.MAX_ATTEMPTS
    small = [qs.initial(b"\1" * 4, to=bytes([k]) * 8) for k in range(4)]
    noise = qs.initial(b"\1" * 4, first_id=b"x" * 8) * 8
    with patch.object(qi, "open_packet", wraps=qi.open_packet) as tried:
        opened((1, b"".join(small)), *[(1, noise)] * 15)
        assert tried.call_count == qi.MAX_TRIES


@settings(max_examples=60)
@given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
def test_the_order_of_datagrams_changes_no_stream(order, twice):
    """Three parts of a hello, the answer and an ACK to the server's id, in any order, some of them twice."""
    parts = [
        (1, qs.initial(qs.crypto(at, HELLO[at : at + 40]), number=k, to=qs.FIRST))
        for k, at in enumerate(range(0, len(HELLO), 40))
    ]
    answer = qs.initial(qs.crypto(0, server_hello_message()), to=b"c" * 8, source=b"s" * 8, first_id=qs.FIRST,
                        side="server")  # fmt: skip
    acked = qs.initial(b"\2\0\0\0\0" + bytes(20), to=b"s" * 8, first_id=qs.FIRST, number=7)
    sent = [*parts, (0, answer), (1, acked)]
    assert len(sent) == 5
    shuffled = [sent[k] for k in order] + [sent[k] for k in sorted(twice)]
    (attempt,) = opened(*shuffled).attempts
    assert [stream.first(9999) for stream in attempt.streams] == [HELLO, server_hello_message()]
    assert attempt.streams[0].whole == max(order.index(k) for k in range(3))
    assert attempt.initials == 4 + len(twice - {3})
