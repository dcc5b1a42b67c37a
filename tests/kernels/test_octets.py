"""Octets become the numbers that struct makes of them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import octets
from analyzer.kernels.jit import BOUNDSCHECK, PLAIN

READERS = [
    (octets.u8, ">B"), (octets.be16, ">H"), (octets.be32, ">I"), (octets.be64, ">q"), (octets.le16, "<H"),
    (octets.le32, "<I"),
]  # fmt: skip


@pytest.mark.parametrize(("read", "form"), READERS)
@given(given_octets=st.binary(min_size=8, max_size=8))
def test_numbers_are_those_of_struct(read, form, given_octets):
    """Every reader agrees with struct on any octets."""
    assert read(np.frombuffer(given_octets, np.uint8), 0) == struct.unpack_from(form, given_octets)[0]


@pytest.mark.skipif(PLAIN or not BOUNDSCHECK, reason="bounds are not checked in this run")
@pytest.mark.parametrize(("read", "form"), READERS)
def test_no_octet_outside_the_array_is_read(read, form):
    """The last octets can be read, one more or one before cannot, and no offset however far wraps around."""
    array = np.frombuffer(bytes(range(16)), np.uint8)[4:12]
    width = struct.calcsize(form)
    assert read(array, 8 - width) == struct.unpack_from(form, bytes(range(16)), 12 - width)[0]
    for at in (9 - width, 8, 2**62, 2**63 - 1, -(2**63)):
        with pytest.raises(IndexError):
            read(array, at)


@given(st.binary(min_size=4, max_size=4), st.booleans())
def test_the_order_of_the_file_decides(given_octets, little):
    """u16, u32 and be24 read in the order that they are told, or in network order."""
    array = np.frombuffer(given_octets, np.uint8)
    order = "little" if little else "big"
    assert octets.u16(array, 1, little) == int.from_bytes(given_octets[1:3], order)
    assert octets.u32(array, 0, little) == int.from_bytes(given_octets, order)
    assert octets.be24(array, 1) == int.from_bytes(given_octets[1:], "big")


@pytest.mark.parametrize(
    ("write", "form"), [(octets.be16_to, ">H"), (octets.le16_to, "<H"), (octets.le32_to, "<I")]
)  # fmt: skip
@given(number=st.integers(0, 2**32 - 1))
def test_numbers_are_written_as_struct_writes_them(write, form, number):
    """At their place, and nowhere else; of more than fits, the lowest octets."""
    width = struct.calcsize(form)
    array = np.full(8, 0xEE, np.uint8)
    write(array, 2, number)
    expected = struct.pack(form, number & (1 << 8 * width) - 1)
    assert array.tobytes() == b"\xee\xee" + expected + b"\xee" * (6 - width)
