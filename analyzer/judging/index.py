"""The rows of a table by the number that stands in one of its columns, sorted once for all who ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


class Found(NamedTuple):
    """Rows, and for each of them which of the numbers that were looked up stands there, by its place among these."""

    rows: Rows
    place: Rows


class Index:
    """Where each number from 0 on stands in a column. To look up costs what is found, not what the column holds."""

    def __init__(self, column: Rows) -> None:
        self._none = int(column.max(initial=-1)) + 1
        self._order = np.argsort(column, kind="stable")
        self._bounds = np.searchsorted(column[self._order], np.arange(self._none + 2))

    def rows(self, number: int) -> Rows:
        """The rows in which a number stands, in order; none where it stands nowhere."""
        known = number if 0 <= number < self._none else self._none
        return self._order[self._bounds[known] : self._bounds[known + 1]]

    def each(self, numbers: Iterable[int]) -> Found:
        """The rows of several numbers, those of one number after those of the one before."""
        wanted = np.fromiter(numbers, np.int64)
        wanted[(wanted < 0) | (wanted > self._none)] = self._none
        counts = self._bounds[wanted + 1] - self._bounds[wanted]
        place = np.repeat(np.arange(len(wanted)), counts)
        nth = np.arange(len(place)) - (np.cumsum(counts) - counts)[place]
        return Found(self._order[self._bounds[wanted][place] + nth], place)

    def among(self, numbers: Iterable[int]) -> Rows:
        """The rows in which one of these numbers stands, in order, each once."""
        return np.sort(self.each(set(numbers)).rows)
