"""A result becomes conn.log, dns.log and ssl.log as Zeek writes JSON: one object per line, without what is unset."""

from __future__ import annotations

from pathlib import Path

from analyzer.exporting import jsonfile
from analyzer.exporting.foreign import logs
from analyzer.result import Result

NAME = "zeek-json"
FILES: tuple[str, ...] = ("zeek-json/conn.log", "zeek-json/dns.log", "zeek-json/ssl.log")

TIMES = ("time", "interval")


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Writes the three logs into a folder of their own; times are s since 1970 as numbers; raises OSError."""
    for log, name in zip(logs.of(result), FILES, strict=True):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        columns = [_written(kind, cells) for kind, cells in zip(log.fields.values(), log.columns, strict=True)]
        names = tuple(log.fields)
        jsonfile.write_lines(
            path,
            (
                {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
                for row in zip(*columns, strict=True)
            ),
        )
    return ()


def seconds(ns: int) -> float:
    """A time or an interval in s, to the µs."""
    return logs.micros(ns) / logs.MICRO


def _written(kind: str, cells: logs.Cells) -> logs.Cells:
    if kind in TIMES:
        return [None if cell is None else seconds(cell) for cell in cells]
    if kind == "vector[interval]":
        return [None if cell is None else tuple(map(seconds, cell)) for cell in cells]
    return cells
