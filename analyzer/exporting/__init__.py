"""A result becomes a screen or files: one module per format.

An exporter is a module that satisfies `Exporter`; to add one is the module, its place in `FILES` or `CSV`, its test.
The terminal is the one that is no file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TextIO

from analyzer.exporting import csvfile, jsonfile, pairs, parquet, report, terminal
from analyzer.printable import printable
from analyzer.result import Result

__all__ = ["CSV", "FILES", "SCREEN", "Exporter", "Screen", "printable", "write"]


class Exporter(Protocol):
    """A module of this folder that writes files into a folder."""

    NAMES: tuple[str, ...]

    def write(self, result: Result, folder: Path) -> None:
        """Writes the files of NAMES into a folder that is there; raises OSError."""


class Screen(Protocol):
    """A module of this folder that shows a result to a person."""

    def show(self, result: Result, stream: TextIO, detail: int) -> None:
        """Writes to a stream; `detail` below 0 is terse, above 0 leaves nothing out."""


FILES: tuple[Exporter, ...] = (jsonfile, parquet, pairs, report)
CSV: tuple[Exporter, ...] = (csvfile,)
SCREEN: Screen = terminal


def write(result: Result, folder: Path, *, csv: bool = False) -> None:
    """Writes every file of a result into a folder, which is made where it is missing; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for exporter in (*FILES, *(CSV if csv else ())):
        exporter.write(result, folder)
