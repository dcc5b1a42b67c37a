"""Integers that wrap on purpose, for hashes.

Numba takes a sum or product of signed integers for one that never overflows, and the compiler then makes of it what it
likes. Those of unsigned ones wrap, so they go through uint64 here.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import crosses, inlined

GOLDEN = 0x9E3779B97F4A7C15  # odd, as splitmix64 has it
WORD = (1 << 64) - 1


@inlined
def product(one, other):
    """The low 64 bits of a product, as an int64."""
    return np.int64(np.uint64(one) * np.uint64(other))


@inlined
def total(one, other):
    """The low 64 bits of a sum, as an int64."""
    return np.int64(np.uint64(one) + np.uint64(other))


@crosses
def crossed(one, other):
    """A hash of two words, the same whichever is first: the halves of their product, xored, as wyhash has it.

    It is 0 where a word is, so that each is to be xored with a number that is not to be met.
    """
    product = int(np.uint64(one)) * int(np.uint64(other))
    return np.uint64((product ^ product >> 64) & WORD).astype(np.int64)


@inlined
def stirred(value, word):
    """A hash of so much and one word more."""
    h = (np.uint64(value) ^ np.uint64(word)) * np.uint64(GOLDEN)
    return np.int64(h ^ (h >> np.uint64(29)))


@inlined
def mix(value, seed):
    """A hash of 64 bit, seeded so that nobody can choose values that collide (murmur3's finalizer)."""
    h = np.uint64(value) ^ np.uint64(seed)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.int64(h ^ (h >> np.uint64(33)))
