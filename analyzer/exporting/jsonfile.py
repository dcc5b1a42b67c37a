"""A result becomes result.json, in the structure that result.schema.json describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analyzer.result import Result

NAMES: tuple[str, ...] = ("result.json",)
SCHEMA_FILE = Path(__file__).with_name("result.schema.json")


def text(result: Result, **beside: Any) -> str:
    """The JSON text (RFC 8259) in ASCII: control and bidirectional characters are escaped, so it can be shown as is.

    beside  what stands there under further keys
    """
    made = {**result.to_dict(), **beside}
    return json.dumps(made, indent=1, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f") + "\n"


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes one JSON object per line, in ASCII as `text` does; raises OSError."""
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(encode(row).replace("\x7f", "\\u007f") + "\n" for row in rows)


def write(result: Result, folder: Path) -> None:
    """Writes result.json; raises OSError."""
    (folder / NAMES[0]).write_text(text(result), encoding="ascii")
