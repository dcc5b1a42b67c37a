"""The tables of a result become CSV (RFC 4180) that a spreadsheet shows and does not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from analyzer.exporting import parquet
from analyzer.printable import printable
from analyzer.result import Result

TABLES = ("findings", "rules", "hosts", "checklist", "bandwidth", "purposes", "captures", "quality")
NAMES: tuple[str, ...] = ("flows.csv", *(f"{table}.csv" for table in TABLES))

FORMULA = r"^\s*[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]|^[\t\r\n]"
"""Begins of cells that spreadsheets run (OWASP, CSV injection), with the full-width signs that some take as well."""

BETWEEN = "; "


def write(result: Result, folder: Path) -> None:
    """Writes one CSV file per table, UTF-8 with a header line, times as RFC 3339; raises OSError."""
    write_table(parquet.flows_table(result), folder / NAMES[0])
    for name in TABLES:
        write_frame(getattr(result, name), folder / f"{name}.csv")


def write_frame(frame: Any, path: Path) -> None:
    """Writes a DataFrame; raises OSError."""
    write_table(pa.table({column: _column(frame[column]) for column in frame.columns}), path)


def defused(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A text column in which a cell that a spreadsheet would run as a formula begins with an apostrophe."""
    runs = pc.match_substring_regex(column, FORMULA)
    return pc.if_else(runs, pc.binary_join_element_wise("'", column, ""), column)


def write_table(table: pa.Table, path: Path) -> None:
    """Writes an Arrow table; raises OSError."""
    plain = pa.table({name: _plain(table[name]) for name in table.column_names})
    csv.write_csv(plain, path)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text, numbers or truth values: what CSV can hold."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind, column = kind.value_type, column.cast(kind.value_type)
    if pa.types.is_list(kind):
        kind, column = pa.string(), pc.binary_join(column, BETWEEN)
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return defused(_printable(column.cast(pa.string())))
    return column


def _printable(column: pa.ChunkedArray) -> pa.Array:
    """A text column with visible escapes in place of all that does not print, ends of lines (of quotes) aside."""
    encoded = column.combine_chunks().dictionary_encode()
    lines = [[printable(line, whole=True) for line in word.split("\n")] for word in encoded.dictionary.to_pylist()]
    return pa.array(["\n".join(those) for those in lines], pa.string()).take(encoded.indices)


def _column(series: Any) -> pa.Array:
    """A column of a small table; what holds lists or dictionaries is told in words."""
    cells = series.tolist()
    if any(isinstance(cell, list | tuple) for cell in cells):
        return pa.array([BETWEEN.join(_words(cell)) for cell in cells], type=pa.string())
    return pa.Array.from_pandas(series)


def _words(cells: Iterable[Any]) -> list[str]:
    return [_evidence(cell) if isinstance(cell, Mapping) else str(cell) for cell in cells]


def _evidence(seen: Mapping[str, Any]) -> str:
    frames = " ".join(str(frame) for frame in seen["frames"])
    return f"{seen['code']}: {seen['detail']} (frames {frames})" if frames else f"{seen['code']}: {seen['detail']}"
