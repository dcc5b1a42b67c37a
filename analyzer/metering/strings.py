"""Strings found by kernels, kept once and numbered."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.kernels.strings import COUNT, SEED, refill


class StringTable(NamedTuple):
    """What the kernel works on: see kernels/strings.py."""

    slots: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    arena: npt.NDArray[np.uint8]
    state: npt.NDArray[np.int64]


class Strings:
    """A growing set of distinct octet strings, numbered from 0 in order of first sight."""

    def __init__(self, seed: int, room: int = 1 << 12, octets: int = 1 << 18) -> None:
        slots = np.full(2 * room, -1, np.int64)
        state = np.zeros(2, np.int64)
        state[SEED] = seed
        self.table = StringTable(slots, np.zeros(room + 1, np.int64), np.empty(octets, np.uint8), state)

    def __len__(self) -> int:
        return int(self.table.state[COUNT])

    def grow(self) -> None:
        """Double whatever may be full."""
        old = self.table
        offsets = np.zeros(2 * (old.offsets.size - 1) + 1, np.int64)
        offsets[: old.offsets.size] = old.offsets
        arena = np.empty(2 * old.arena.size, np.uint8)
        arena[: old.arena.size] = old.arena
        self.table = StringTable(np.full(2 * old.slots.size, -1, np.int64), offsets, arena, old.state)
        refill(self.table.slots, self.table)

    def clone(self) -> Strings:
        """The same strings apart: what is added to one is not in the other."""
        other = copy.copy(self)
        table = self.table
        other.table = StringTable(table.slots.copy(), table.offsets.copy(), table.arena.copy(), table.state.copy())
        return other

    def keep(self, used: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Forget all strings but those of the numbers `used`; returns the new number of each, -1 for no string.

        The last entry is for the number -1, which stays.
        """
        old, count = self.table, len(self)
        stays = np.zeros(count + 1, np.bool_)
        stays[used] = True
        stays[count] = False
        numbers = np.where(stays, np.cumsum(stays) - 1, -1).astype(np.int64)
        kept = np.flatnonzero(stays)
        lengths = np.diff(old.offsets[: count + 1])[kept]
        octets = np.flatnonzero(np.repeat(stays[:count], np.diff(old.offsets[: count + 1])))
        old.arena[: octets.size] = old.arena[octets]
        old.offsets[1 : kept.size + 1] = np.cumsum(lengths)
        old.state[COUNT] = kept.size
        old.slots[:] = -1
        refill(old.slots, old)
        return numbers

    def octets(self) -> list[bytes]:
        """All strings, by number."""
        count = len(self)
        whole = self.table.arena[: int(self.table.offsets[count])].tobytes()
        ends = self.table.offsets[: count + 1].tolist()
        return [whole[ends[k] : ends[k + 1]] for k in range(count)]

    def texts(self) -> list[str]:
        """All strings as text, by number; kernels let only printable ASCII into names."""
        return [octets.decode("ascii", "backslashreplace") for octets in self.octets()]


def take(texts: list[Any], numbers: npt.NDArray[Any], missing: Any) -> npt.NDArray[np.object_]:
    """The strings of `numbers` as an object column; `missing` where a number is negative."""
    pool = np.empty(len(texts) + 1, dtype=object)
    pool[: len(texts)] = texts
    pool[len(texts)] = missing
    return pool[np.where(numbers < 0, len(texts), numbers)]
