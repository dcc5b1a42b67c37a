"""A stream knows in which frame each of its octets came."""

import pytest

from analyzer.conversations import Conversation, Mark, Stream

STREAM = Stream(b"0123456789", (Mark(0, 100, 1), Mark(4, 200, 3), Mark(9, 300, 7)))


@pytest.mark.parametrize(("offset", "frame"), [(0, 1), (3, 1), (4, 3), (8, 3), (9, 7), (10, 7), (1000, 7)])
def test_an_octet_belongs_to_the_segment_that_holds_it(offset, frame):
    """The mark of an offset is the last one at or before it; past the end it is the last of all."""
    assert STREAM.at(offset).frame == frame


def test_an_offset_before_the_first_mark_gets_the_first():
    """A stream whose first octets have no mark tells the first it has."""
    assert Stream(b"ab", (Mark(1, 5, 9),)).at(0).frame == 9


def test_a_stream_without_marks_has_no_frame():
    """Frames are counted from 1, so 0 says that none is known."""
    assert Stream().at(0) == Mark(0, 0, 0)


def test_a_conversation_can_be_seen_both_ways():
    """Who is the client is for the octets to tell; the last cell says whether it is the responder."""
    talk = Conversation(0, 6, 40000, 25, Stream(b"asked"), Stream(b"answered"))
    assert talk.sides() == ((b"asked", b"answered", False), (b"answered", b"asked", True))
