import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.conversations import Mark, Message
from analyzer.dissecting.quicstream import MOST, CryptoStream, message_octets
from tests.builders.hellos import client_hello_message, tls_record
from tests.builders.quicsealing import message

HELLO = client_hello_message("a.example", padding=3000)
MESSAGES = tuple(Message(1000 * turn, turn + 1, True, b"") for turn in range(16))


def stream_of(*pieces):
    """A stream of (offset, octets), each in a datagram of its own."""
    made = CryptoStream()
    for turn, (offset, octets) in enumerate(pieces):
        made.add(offset, octets, turn)
    return made


def test_pieces_in_any_order_become_the_message():
    """The last, the first, the first again, then what lacked: whole with the fourth datagram."""
    made = stream_of((2000, HELLO[2000:]), (0, HELLO[:500]), (0, HELLO[:500]), (400, HELLO[400:2100]), (0, HELLO))
    assert (made.known, made.whole) == (len(HELLO), 3)
    assert made.records(MESSAGES) == (
        tls_record(22, HELLO), (Mark(0, 1000, 2), Mark(505, 3000, 4), Mark(2005, 0, 1)),
    )  # fmt: skip


def test_what_came_first_stays():
    """Octets sent again with other content change nothing."""
    made = stream_of((0, b"abcd"), (6, b"gh"), (2, b"XXXXXXXX"))
    assert made.first(20) == b"abcdXXghXX"


def test_a_hole_ends_the_stream():
    """What stands behind it is not read as if it followed."""
    made = stream_of((0, HELLO[:100]), (200, HELLO[200:]))
    assert (made.known, made.whole) == (100, -1)
    assert made.records(MESSAGES).octets == tls_record(22, HELLO[:100])
    assert stream_of((5, HELLO)).records(MESSAGES) == (b"", ())


def test_octets_that_reach_too_far_are_left_out():
    """A frame at the end of the range, and one beyond, take no memory that they do not need."""
    made = stream_of((MOST - 3, b"abcdef"), (MOST, b"x"), (1 << 61, b"x"), (0, b""))
    assert made.known == 0
    made.add(0, bytes(MOST), 5)
    assert (made.known, made.first(3)) == (MOST, b"\0\0\0")


def test_a_long_message_fills_several_records():
    """RFC 8446 section 5.1: 16,384 octets each; the marks count the headers in front of them."""
    octets = b"\1" + (40000 - 4).to_bytes(3, "big") + bytes(40000 - 4)
    records, marks = stream_of((0, octets[:16384]), (16384, octets[16384:30000]), (30000, octets[30000:])).records(
        MESSAGES
    )
    assert len(records) == 40000 + 3 * 5
    assert [mark[0] for mark in marks] == [0, 16384 + 5, 30000 + 10]
    assert records[16389:16394] == b"\x16\3\3\x40\0"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (HELLO[:4], len(HELLO)),
        (HELLO[:3], 0),
        (message(b"CHLO", PAD=bytes(9), SNI=b"a.example"), 8 + 16 + 18),
        (message(b"CHLO", PAD=bytes(9), SNI=b"a.example")[:23], 0),
        (b"CHLO\xff\xff\0\0" + bytes(99), 0),
        (b"CHLO\0\0\0\0", 0),
    ],
)
def test_a_message_tells_its_length(octets, expected):
    """TLS by its header, Google's by the end of its last value."""
    assert message_octets(octets) == expected


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=16))
def test_any_pieces_of_one_stream_give_its_begin(cuts):
    """However pieces overlap, what is known is a prefix, and every mark names a datagram that held its octet."""
    octets = bytes(range(90))
    pieces = [(at, octets[at : at + size]) for at, size in cuts]
    made = stream_of(*pieces)
    covered = {at + k for at, part in pieces for k in range(len(part))}
    assert made.known == next(at for at in range(91) if at not in covered)
    records, marks = made.records(MESSAGES)
    assert records[5:] == octets[: made.known]
    for at, _, frame in marks:
        begin, part = pieces[frame - 1]
        assert begin <= max(at - 5, 0) < begin + len(part)
