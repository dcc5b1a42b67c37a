"""Hashes wrap as machine integers do, whatever the compiler knows of their operands."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.kernels.hashing import GOLDEN, crossed, mix, product, stirred, total
from analyzer.kernels.jit import kernel

WORDS = 1 << 64
int64s = st.integers(-(1 << 63), (1 << 63) - 1)
FACTOR = 0xC2B2AE3D27D4EB4F


def signed(value):
    """The int64 of the same low 64 bits."""
    return (value + (1 << 63)) % WORDS - (1 << 63)


@kernel
def hashes(one, other, out):
    """All of them."""
    out[0], out[1], out[2] = product(one, other), total(one, other), stirred(one, other)
    out[3], out[4] = mix(one, other), crossed(one, other)


@kernel
def of_an_address(low):
    """A product whose range the compiler can tell: that of an address which every number of 32 bit may be."""
    return product(0xFFFF << 32 | low & 0xFFFFFFFF, FACTOR)


@given(int64s, int64s)
def test_they_are_those_of_unsigned_integers(one, other):
    """Sums, products and what is made of them."""
    made = np.zeros(5, np.int64)
    hashes(np.int64(one), np.int64(other), made)
    h = (one ^ other) % WORDS
    stir = h * GOLDEN % WORDS
    assert made[:2].tolist() == [signed(one * other), signed(one + other)]
    assert made[2] == signed(stir ^ stir >> 29)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = (h ^ h >> 33) * factor % WORDS
    assert made[3] == signed(h ^ h >> 33)
    wide = (one % WORDS) * (other % WORDS)
    assert made[4] == signed(wide ^ wide >> 64)


def test_what_always_overflows_wraps():
    """The product of an address and a large factor overflows whatever the address: compilers may not count on that."""
    for low in (0, 1, 0xC0000201, 0xFFFFFFFF):
        assert of_an_address(low) == signed((0xFFFF << 32 | low) * FACTOR)
