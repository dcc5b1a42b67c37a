"""A result becomes files that other people's tools read: one module per format.

A format is a module that satisfies `Format`; to add one is the module, its place in `FORMATS`, its test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from analyzer.errors import AnalyzerError
from analyzer.exporting.foreign import colours, ecs, junit, zeek, zeekjson
from analyzer.result import Result

__all__ = ["FORMATS", "ExportError", "Format", "chosen", "export"]


class ExportError(AnalyzerError):
    """A format that is not there."""


class Format(Protocol):
    """A module of this folder that writes files of one format."""

    NAME: str
    FILES: tuple[str, ...]

    def write(self, result: Result, folder: Path) -> tuple[str, ...]:
        """Writes FILES into a folder that is there, and tells in words what the format cannot hold; raises OSError."""


FORMATS: tuple[Format, ...] = (zeek, zeekjson, ecs, junit, colours)


def chosen(names: Iterable[str]) -> tuple[Format, ...]:
    """The formats of these names, several with commas between them, in the order of FORMATS; raises ExportError."""
    asked = [name.strip() for given in names for name in given.split(",")]
    known = {form.NAME: form for form in FORMATS}
    for name in asked:
        if name not in known:
            raise ExportError(f"export {name[:40]!a}: no such format (known: {', '.join(known)})")
    return tuple(form for form in FORMATS if form.NAME in asked)


def export(result: Result, folder: Path, formats: Sequence[Format]) -> tuple[str, ...]:
    """Writes a result in formats into a folder, which is made where it is missing; what they cannot hold, in words.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(note for form in formats for note in form.write(result, folder))
