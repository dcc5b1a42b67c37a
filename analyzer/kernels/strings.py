"""Strings are kept once: octets go in, a small number comes out (an interner over an arena, as Arrow's dictionaries).

`slots` (int64, -1 empty) hold a 32 bit tag and the number; `offsets` has one more entry than there are strings. The
hash is seeded per run. Numbers count from 0 in order of first sight.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import copy

NONE = -1  # no string
FULL = -2  # the tables must grow first

# fields of `state`
COUNT, SEED = 0, 1


@kernel
def hash_octets(octets, start, length, seed):
    """FNV-1a over the octets with a seeded start, folded at the end; never negative."""
    h = np.uint64(seed) ^ np.uint64(0xCBF29CE484222325)
    for k in range(start, start + length):
        h = (h ^ np.uint64(octets[k])) * np.uint64(0x100000001B3)
    h ^= h >> np.uint64(29)
    return np.int64(h & np.uint64(0x7FFFFFFFFFFFFFFF))


@kernel
def intern(octets, start, length, t):
    """The number of the string `octets[start:start+length]`, FULL where the tables `t` have no room for a new one."""
    mask = np.int64(t.slots.size - 1)
    h = hash_octets(octets, start, length, t.state[SEED])
    tag = h >> 32
    at = h & mask
    while t.slots[at] >= 0:
        number = t.slots[at] & 0xFFFFFFFF
        if t.slots[at] >> 32 == tag:
            begin = t.offsets[number]
            if t.offsets[number + 1] - begin == length:
                equal = True
                for k in range(length):
                    if t.arena[begin + k] != octets[start + k]:
                        equal = False
                        break
                if equal:
                    return number
        at = (at + 1) & mask
    count = t.state[COUNT]
    begin = t.offsets[count]
    if 2 * (count + 1) > t.slots.size or count + 2 > t.offsets.size or begin + length > t.arena.size:
        return np.int64(FULL)
    copy(t.arena, begin, octets, start, length)
    t.offsets[count + 1] = begin + length
    t.slots[at] = tag << 32 | count
    t.state[COUNT] = count + 1
    return count


@kernel
def refill(slots, t):
    """Put all strings of `t` into `slots`, a larger and empty table."""
    mask = np.int64(slots.size - 1)
    for number in range(t.state[COUNT]):
        h = hash_octets(t.arena, t.offsets[number], t.offsets[number + 1] - t.offsets[number], t.state[SEED])
        at = h & mask
        while slots[at] >= 0:
            at = (at + 1) & mask
        slots[at] = (h >> 32) << 32 | number
