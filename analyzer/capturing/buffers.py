"""A source becomes reused buffers that a thread fills while the consumer works on the one before.

The consumer says how many octets at the end of its buffer it could not use yet (a record that straddles); they are
copied into the headroom before the next buffer's fresh octets, so that every record lies in one piece.
"""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from analyzer.errors import CaptureError

FRESH = 1 << 20
"""Octets read at a time: 1 MB is where reading and sweeping overlap best and the buffer still lies in the cache."""

HEADROOM = 1 << 18
"""Octets kept free before the fresh ones: a frame of 256 KB with its block is the largest that dumpcap writes."""

MAX_LEFTOVER = 80 << 20
"""A record may claim 64 MB and a block has overhead; what claims more is damage, not a record."""

CLOSING_S = 0.5
"""Seconds that a read under way is waited for when the consumer gives up."""

Array = npt.NDArray[np.uint8]


class Readable(Protocol):
    """What the buffers are filled from: Source, or the like for a live interface."""

    path: str

    def readinto(self, view: memoryview) -> int:
        """Octets read into `view`, 0 at the end."""


class _Slot:
    """One buffer: headroom, then room for fresh octets."""

    def __init__(self) -> None:
        self.array: Array = np.empty(HEADROOM + FRESH, np.uint8)
        self.fresh = 0
        self.error: BaseException | None = None

    @property
    def headroom(self) -> int:
        """Where the fresh octets begin."""
        return self.array.size - FRESH

    def widen(self, leftover: int) -> None:
        """Makes the headroom hold `leftover` octets, and some more so that this happens seldom."""
        headroom = min(2 * leftover, MAX_LEFTOVER)
        wider = np.empty(headroom + FRESH, np.uint8)
        wider[headroom : headroom + self.fresh] = self.array[self.headroom : self.headroom + self.fresh]
        self.array = wider


class Buffers:
    """Double-buffered reading of a source.

    One consumer calls `next` until its third value is true; `close` (or leaving the context) ends the thread.
    """

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._empty: queue.SimpleQueue[_Slot | None] = queue.SimpleQueue()
        self._full: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        self._held = _Slot()
        self._begin = 0
        self._end = 0
        self._read = 0
        self._ended = False
        self._empty.put(_Slot())
        self._thread = threading.Thread(target=self._fill, name="capture-reader", daemon=True)
        self._thread.start()

    @property
    def offset(self) -> int:
        """Offset of the first octet that `next` returned last, in the (unpacked) file."""
        return self._read - (self._end - self._begin)

    def next(self, leftover: int) -> tuple[Array, int, bool]:
        """The unused `leftover` octets of the last buffer and fresh ones after them, how many, and whether it ended.

        The array may be longer than the valid octets, and is the caller's to write to until the next call, which makes
        it invalid. Raises what the source raises, and CaptureError where a record does not end within 80 MB.
        """
        if not 0 <= leftover <= self._end - self._begin:
            raise ValueError(f"a leftover of {leftover} octets, of {self._end - self._begin} handed out")
        if leftover > MAX_LEFTOVER:
            raise CaptureError(self._source.path, self._read - leftover, "a record does not end within 80 MB")
        if self._ended:
            self._begin = self._end - leftover
        else:
            self._advance(leftover)
        return self._held.array[self._begin :], self._end - self._begin, self._ended

    def _advance(self, leftover: int) -> None:
        slot = self._full.get()
        if slot.error is not None:
            self._full.put(slot)
            raise slot.error
        if leftover > slot.headroom:
            slot.widen(leftover)
        begin = slot.headroom - leftover
        slot.array[begin : slot.headroom] = self._held.array[self._end - leftover : self._end]
        self._empty.put(self._held)
        self._held = slot
        self._begin = begin
        self._end = slot.headroom + slot.fresh
        self._read += slot.fresh
        self._ended = slot.fresh == 0

    def _fill(self) -> None:
        """Fills empty buffers until the source ends, fails, or nobody wants more; runs in a thread."""
        while (slot := self._empty.get()) is not None:
            try:
                slot.fresh = self._source.readinto(slot.array.data[slot.headroom :])
            except BaseException as why:  # noqa: BLE001 - carried over to the consumer's thread, which raises it
                slot.error = why
            ended = slot.fresh == 0 or slot.error is not None
            self._full.put(slot)
            if ended:
                return

    def close(self) -> None:
        """Ends the thread; one that waits for a silent pipe is left behind, and ends with the process."""
        self._empty.put(None)
        self._thread.join(CLOSING_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
