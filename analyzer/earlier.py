"""The folder of an earlier --out becomes what is compared with a result of today: result.json and flows.parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from analyzer.errors import SourceError
from analyzer.findings import Outcome, Severity
from analyzer.result import SCHEMA, Result

NAMES = ("result.json", "flows.parquet")
MAX_OCTETS = 1 << 30
COLUMNS = {
    "orig_h": str, "resp_h": str, "resp_p": int, "server_name": str, "verdict": str, "end_to_end": str, "codes": list,
}  # fmt: skip

CONCLUDED = ("verdict", "end_to_end")


@dataclass(frozen=True)
class Taken:
    """A capture that was judged."""

    path: str
    start: str | None
    end: str | None


@dataclass(frozen=True)
class Named:
    """A host of the site, as its result calls it."""

    host: str
    addresses: tuple[str, ...]
    pack: str


@dataclass(frozen=True)
class Ruled:
    """What became of a rule."""

    rule: str
    pack: str
    outcome: Outcome
    because: str
    flows: int


@dataclass(frozen=True)
class Found:
    """A finding, as far as it is held against others."""

    code: str
    severity: Severity
    title: str
    rule: str
    flows: tuple[int, ...]


@dataclass(frozen=True)
class Told:
    """What result.json tells that is compared."""

    captures: tuple[Taken, ...]
    hosts: tuple[Named, ...]
    rules: tuple[Ruled, ...]
    findings: tuple[Found, ...]


class Judged(NamedTuple):
    """A result as it is compared: what result.json tells, and of each flow the columns of COLUMNS."""

    told: Told
    flows: Mapping[str, Sequence[Any]]


def load(folder: Path) -> Judged:
    """The result in a folder that --out wrote; raises SourceError where it is none, damaged, or of another schema."""
    told, flows = _told(folder / NAMES[0]), _columns(folder / NAMES[1])
    rows = len(flows["verdict"])
    if any(not 0 <= row < rows for found in told.findings for row in found.flows):
        raise SourceError(str(folder / NAMES[0]), f"names a flow that {NAMES[1]} does not hold")
    return Judged(told, flows)


def of(result: Result) -> Judged:
    """A result as it is compared."""
    told = TypeAdapter(Told).validate_python(result.to_dict())
    flows, verdicts = result.observations.flows, result.conclusions.flows
    columns = {name: getattr(flows, name).tolist() for name in COLUMNS if name not in (*CONCLUDED, "codes")}
    columns |= {name: list(map(str, getattr(verdicts, name))) for name in CONCLUDED}
    return Judged(told, columns | {"codes": list(map(list, verdicts.codes))})


def _told(path: Path) -> Told:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS)
    except OSError as error:
        reason = "no result here" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise SourceError(str(path), reason) from error
    try:
        read = json.loads(octets)
        schema = read.get("schema")
    except (ValueError, AttributeError, RecursionError) as error:
        raise SourceError(str(path), "expected the JSON that --out writes") from error
    if schema != SCHEMA:
        raise SourceError(str(path), f"expected schema {SCHEMA}, found {ascii(schema)[:60]}; check the capture again")
    try:
        return TypeAdapter(Told).validate_python(read)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SourceError(str(path), f"{place}: {first['msg'].lower()}") from error


def _columns(path: Path) -> Mapping[str, Sequence[Any]]:
    try:
        with pq.ParquetFile(path) as file:
            columns: Mapping[str, Sequence[Any]] = file.read(columns=list(COLUMNS)).to_pydict()
    except FileNotFoundError as error:
        raise SourceError(str(path), f"is missing beside {NAMES[0]}") from error
    except (OSError, pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "not Parquet"
        raise SourceError(str(path), f"cannot be read: {ascii(reason)[1:-1][:200]}") from error
    for name, kind in COLUMNS.items():
        if name not in columns or not all(isinstance(cell, kind) and _is_flat(cell) for cell in columns[name]):
            raise SourceError(str(path), f"column {name} is missing or holds something else")
    return columns


def _is_flat(cell: Any) -> bool:
    """Whether a cell is one value, or a list of text."""
    return not isinstance(cell, list) or all(isinstance(word, str) for word in cell)
