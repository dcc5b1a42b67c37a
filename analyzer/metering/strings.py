"""Strings found by kernels, kept once and numbered."""

from __future__ import annotations

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
