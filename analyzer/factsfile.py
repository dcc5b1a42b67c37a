"""Facts are saved to a folder and loaded again: facts.json and one Parquet file per table of facts.

The files' columns are those of `tables`, and nothing else is taken back: a folder that another version wrote, or that
was edited, gives one line that says where it differs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.errors import SourceError
from analyzer.observations import REFERENCES, SCHEMA, TABLES, Capture, Observations, Quality
from analyzer.tables import Flows, Kind, columns

FACTS = "facts.json"
MAX_OCTETS = 1 << 28
"""facts.json is a few hundred octets per capture; a larger one is none of ours."""

MAX_OFFSET = 2**31 - 1
"""Arrow's string and list arrays count in 32 bit."""

CELLS: dict[type, pa.DataType] = {str: pa.string(), tuple: pa.list_(pa.string()), bytes: pa.binary()}
DISTINCT = {"community_id", "fingerprint"}
"""Columns of text of which nearly every cell is another one."""


@dataclass(frozen=True)
class Header:
    """What facts.json holds: schema, captures, quality, and how many rows each table has."""

    schema: str
    captures: tuple[Capture, ...]
    quality: Quality
    tables: dict[str, int]


def save(observations: Observations, folder: Path) -> None:
    """Writes facts.json and the tables to `folder`, which is made where it is missing; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).unlink(missing_ok=True)
    rows = {}
    for name, kind in TABLES.items():
        made = _arrow_table(getattr(observations, name), kind)
        rows[name] = made.num_rows
        # a dictionary of what differs in every row takes longer than the rest of the writing, and more room
        repeated = [field.name for field in made.schema if field.type == pa.string() and field.name not in DISTINCT]
        pq.write_table(made, folder / f"{name}.parquet", compression="zstd", use_dictionary=repeated)
    header = Header(SCHEMA, observations.captures, observations.quality, rows)
    text = json.dumps(asdict(header), indent=1, allow_nan=False)
    (folder / FACTS).write_text(text + "\n", encoding="ascii")


def load(folder: Path) -> Observations:
    """The facts in a folder that `save` wrote; raises SourceError where they are not whole or not of this schema."""
    header = _header(folder / FACTS)
    tables = {name: _load_table(folder / f"{name}.parquet", kind) for name, kind in TABLES.items()}
    flows = tables["flows"].proto.size
    for name, table in tables.items():
        path = str(folder / f"{name}.parquet")
        if table[0].size != header.tables.get(name):
            raise SourceError(path, f"holds {table[0].size} rows, {FACTS} tells {header.tables.get(name)}")
        for column, lowest in REFERENCES.items():
            cells = getattr(table, column, None)
            if cells is not None and cells.size and not (lowest <= cells.min() and cells.max() < flows):
                raise SourceError(path, f"column {column} names a flow that is not there")
    return Observations(captures=header.captures, quality=header.quality, **tables)


def load_parts(folder: Path) -> list[Observations]:
    """The facts in a folder, or in the folders in it, in the order of their names; raises SourceError as `load`."""
    if (folder / FACTS).is_file() or not folder.is_dir():
        return [load(folder)]
    parts = sorted(path for path in folder.iterdir() if (path / FACTS).is_file())
    return [load(part) for part in parts] or [load(folder)]


def _header(path: Path) -> Header:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - slow to import, and saving needs none of it

    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS)
    except OSError as error:
        reason = "no saved facts here" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise SourceError(str(path), reason) from error
    try:
        schema = json.loads(octets).get("schema")
    except (ValueError, AttributeError, RecursionError) as error:
        raise SourceError(str(path), "expected the JSON that `analyzer observe` writes") from error
    if schema != SCHEMA:
        raise SourceError(str(path), f"expected schema {SCHEMA}, found {ascii(schema)[:60]}; observe the capture again")
    try:
        return TypeAdapter(Header).validate_json(octets, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SourceError(str(path), f"{place}: {first['msg'].lower()}") from error


def _arrow_type(kind: Kind) -> pa.DataType:
    return CELLS[kind.cells] if kind.cells else pa.from_numpy_dtype(np.dtype(kind.dtype))


def _schema(table: type[Any]) -> pa.Schema:
    """The Parquet columns of a table, each with its meaning; Flows gets its row number as `flow` in front."""
    fields = [
        pa.field(name, _arrow_type(kind), nullable=False, metadata={"description": meaning})
        for name, (kind, meaning) in columns(table).items()
    ]
    if table is Flows:
        fields.insert(0, pa.field("flow", pa.int64(), nullable=False, metadata={"description": "row of Flows"}))
    return pa.schema(fields)


def _arrow_table(table: Any, kind: type[Any]) -> pa.Table:
    schema = _schema(kind)
    number = np.arange(table[0].size, dtype=np.int64)
    arrays = [
        pa.chunked_array(_arrow(getattr(table, field.name, number), field.type), type=field.type) for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _arrow(column: np.ndarray[Any, Any], kind: pa.DataType) -> list[pa.Array]:
    """A column in Arrow, made of its buffers: pa.array() would import pandas, a seventh of a second for nothing.

    Text that is not valid Unicode (lone surrogates) gets escapes in its place. What exceeds 2 GB is several parts.
    """
    if column.dtype != object:
        cells = np.packbits(column, bitorder="little") if column.dtype == bool else np.ascontiguousarray(column)
        return [pa.Array.from_buffers(kind, column.size, [None, pa.py_buffer(cells)])]
    rows = column.tolist()
    try:
        return [_lists(rows, kind) if pa.types.is_list(kind) else _octets(rows, kind)]
    except OverflowError:
        half = column.size // 2
        return _arrow(column[:half], kind) + _arrow(column[half:], kind)


def _lists(rows: list[Any], kind: pa.DataType) -> pa.Array:
    parts = [part for row in rows for part in row]
    return pa.Array.from_buffers(kind, len(rows), [None, _offsets(rows)], children=[_octets(parts, kind.value_type)])


def _octets(rows: list[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.string() and (joined := "".join(rows)).isascii():
        octets = joined.encode()
    else:
        if kind == pa.string():  # its letters are not its octets
            rows = [row.encode("utf-8", "backslashreplace") for row in rows]
        octets = b"".join(rows)
    return pa.Array.from_buffers(kind, len(rows), [None, _offsets(rows), pa.py_buffer(octets)])


def _offsets(rows: list[Any]) -> pa.Buffer:
    """Where each of the rows begins, and the last one ends, side by side; raises OverflowError past 2^31."""
    ends = np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)))
    if ends.size and ends[-1] > MAX_OFFSET:
        raise OverflowError
    return pa.py_buffer(np.append(0, ends).astype(np.int32))


def _load_table(path: Path, kind: type[Any]) -> Any:
    wanted = _schema(kind)
    try:
        with pq.ParquetFile(path) as file:
            _compare(path, file.schema_arrow, wanted)
            table = file.read()
    except FileNotFoundError as error:
        raise SourceError(str(path), "is missing beside facts.json") from error
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else "not Parquet"
        raise SourceError(str(path), f"cannot be read: {ascii(reason)[1:-1]}") from error
    for field in wanted:
        column = table[field.name]
        nulls = column.null_count or (pa.types.is_list(field.type) and column.combine_chunks().values.null_count)
        if nulls:
            raise SourceError(str(path), f"column {field.name} has empty cells")
    if kind is Flows and not np.array_equal(table["flow"].to_numpy(), np.arange(table.num_rows)):
        raise SourceError(str(path), "column flow does not count the rows")
    return kind(**{name: _numpy(table[name], how) for name, (how, _) in columns(kind).items()})


def _compare(path: Path, found: pa.Schema, wanted: pa.Schema) -> None:
    for name in wanted.names:
        if name not in found.names:
            raise SourceError(str(path), f"column {name} is missing; observe the capture again")
        if found.names.count(name) > 1 or found.field(name).type != wanted.field(name).type:
            kind = "twice" if found.names.count(name) > 1 else str(found.field(name).type)[:60]
            raise SourceError(str(path), f"column {name}: expected {wanted.field(name).type}, found {kind}")
    for name in found.names:
        if name not in wanted.names:
            raise SourceError(str(path), f"column {ascii(name)[1:-1][:60]} is not one of this table")


def _numpy(column: pa.ChunkedArray, kind: Kind) -> np.ndarray[Any, Any]:
    if kind.cells is None:
        return np.ascontiguousarray(column.to_numpy(), dtype=kind.dtype)
    made = np.empty(len(column), dtype=object)
    cells = column.to_pylist()
    made[:] = [tuple(cell) for cell in cells] if kind.cells is tuple else cells
    return made
