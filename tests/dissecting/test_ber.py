import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import ber


@pytest.mark.parametrize(
    ("octets", "element"),
    [
        (b"\x30\x03abc", ber.Element(0x30, 2, 5)),
        (b"\x04\x81\x80", ber.Element(0x04, 3, 131)),
        (b"\x30\x82\x01\x02", ber.Element(0x30, 4, 262)),
        (b"\x30\x84\0\0\0\1", ber.Element(0x30, 6, 7)),
        (b"\x30\x80", None),
        (b"\x30\x85\0\0\0\0\1", None),
        (b"\x30\x82\x01", None),
        (b"\x3f\x81\x01\x02", None),
        (b"\x30", None),
    ],
)
def test_tags_and_lengths_are_read(octets, element):
    """X.690 section 8.1.3: short and long lengths; no length, lengths of five octets and long tags are left alone."""
    assert ber.read(octets) == element


def test_children_fill_their_parent():
    """Elements one after the other, none where one leaves its parent."""
    assert ber.children(b"\x02\x01\x01\x04\x00", 0, 5) == [ber.Element(2, 2, 3), ber.Element(4, 5, 5)]
    assert ber.children(b"\x02\x01\x01\x04\x01", 0, 5) == []
    assert len(ber.children(b"\x05\x00" * 99, 0, 198, limit=3)) == 3


@given(st.binary(max_size=40))
def test_any_octets_end(octets):
    """Whatever the lengths, elements lie in order within their stretch."""
    found = ber.children(octets, 0, len(octets))
    assert all(element.begin <= element.end <= len(octets) for element in found)
    assert [element.end for element in found] == sorted(element.end for element in found)
