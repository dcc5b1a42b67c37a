"""Several octets at once: what machine code does is what the functions say that it stands for, and stays in bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels import octets
from analyzer.kernels.jit import BOUNDSCHECK, PLAIN

SIZE = 16
checked = pytest.mark.skipif(PLAIN or not BOUNDSCHECK, reason="bounds are not checked in this run")
far = st.sampled_from([2**62, 2**63 - 1, -(2**63), -(2**62)])
anywhere = st.integers(-3, SIZE + 3) | far


def inside(margin=4):
    """An array within another one, so that what leaves it is seen."""
    whole = np.arange(SIZE + 2 * margin, dtype=np.uint8)
    return whole, whole[margin : margin + SIZE]


@checked
@pytest.mark.parametrize(("write", "width"), [(octets.be16_to, 2), (octets.le16_to, 2), (octets.le32_to, 4)])
@given(at=anywhere)
def test_no_octet_outside_the_array_is_written(write, width, at):
    """A number is written where all of it has room, else nothing is."""
    whole, array = inside()
    before = whole.copy()
    if 0 <= at <= SIZE - width:
        write(array, at, 0xEEEEEEEE)
        assert (whole != before).sum() == width
    else:
        with pytest.raises(IndexError):
            write(array, at, 0xEEEEEEEE)
        assert (whole == before).all()


@given(st.integers(0, SIZE), st.integers(0, SIZE), st.integers(-2, SIZE))
def test_octets_are_copied_as_slices_are(to, at, count):
    """From one array to another, and within one, where the two places may overlap."""
    count = min(count, SIZE - to, SIZE - at)
    source = np.arange(100, 100 + SIZE, dtype=np.uint8)
    out, expected = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
    expected[to : to + max(count, 0)] = source[at : at + max(count, 0)]
    octets.copy(out, to, source, at, count)
    assert out.tolist() == expected.tolist()
    expected = source.copy()
    expected[to : to + max(count, 0)] = source[at : at + max(count, 0)]
    octets.copy(source, to, source, at, count)
    assert source.tolist() == expected.tolist()


@checked
@given(anywhere, anywhere, st.integers(1, SIZE + 3) | st.sampled_from([2**62, 2**63 - 1]))
def test_no_octet_outside_an_array_is_copied(to, at, count):
    """All octets are copied, or none and an error says so."""
    (whole, array), source = inside(), np.full(SIZE, 0xEE, np.uint8)
    before = whole.copy()
    if 0 <= to <= SIZE - count and 0 <= at <= SIZE - count:
        octets.copy(array, to, source, at, count)
        assert (whole != before).sum() == count
    else:
        with pytest.raises(IndexError):
            octets.copy(array, to, source, at, count)
        assert (whole == before).all()
