"""A result becomes conn.log, dns.log and ssl.log in tab-separated values, as Zeek's ASCII writer has them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from analyzer.exporting.foreign import logs
from analyzer.result import Result

NAME = "zeek"
FILES: tuple[str, ...] = ("zeek/conn.log", "zeek/dns.log", "zeek/ssl.log")

SEPARATOR, BETWEEN, EMPTY, UNSET = "\t", ",", "(empty)", "-"


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Writes the three logs into a folder of their own; raises OSError."""
    begin, end = logs.span(result)
    for log, name in zip(logs.of(result), FILES, strict=True):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in _lines(log, begin, end))
    return ()


@functools.lru_cache(maxsize=100_000)
def escaped(text: str, separator: str = "") -> str:
    r"""Text as a cell: what does not print, what separates, and what would read as unset or empty, as \xHH.

    Zeek escapes ASCII that does not print, and octets that are no UTF-8. Here all that a terminal would obey is
    escaped, octet by octet, which readers turn back likewise.
    """
    if not text:
        return EMPTY
    if not text.isprintable() or "\\" in text or (separator and separator in text):
        text = "".join(_spelled(one, separator) for one in text)
    return _hexadecimal(text[0]) + text[1:] if text in (UNSET, EMPTY) else text


def _spelled(one: str, separator: str) -> str:
    if one == "\\":
        return "\\\\"
    return one if one.isprintable() and one != separator else _hexadecimal(one)


def _hexadecimal(one: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in one.encode("utf-8", "backslashreplace"))


def seconds(ns: int) -> str:
    """A time or an interval in s with six decimals, rounded."""
    micros = logs.micros(ns)
    whole, rest = divmod(abs(micros), logs.MICRO)
    return f"{'-' if micros < 0 else ''}{whole}.{rest:06}"


WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("time", "interval"), seconds),
    **dict.fromkeys(("count", "port"), str),
    **dict.fromkeys(("string", "addr", "enum"), escaped),
    "bool": lambda value: "T" if value else "F",
}


def _lines(log: logs.Log, begin: str, end: str) -> Iterator[str]:
    yield "#separator \\x09"
    yield f"#set_separator{SEPARATOR}{BETWEEN}"
    yield f"#empty_field{SEPARATOR}{EMPTY}"
    yield f"#unset_field{SEPARATOR}{UNSET}"
    yield f"#path{SEPARATOR}{log.path}"
    yield f"#open{SEPARATOR}{begin}"
    yield SEPARATOR.join(("#fields", *log.fields))
    yield SEPARATOR.join(("#types", *log.fields.values()))
    columns = [_written(kind, cells) for kind, cells in zip(log.fields.values(), log.columns, strict=True)]
    yield from map(SEPARATOR.join, zip(*columns, strict=True))
    yield f"#close{SEPARATOR}{end}"


def _written(kind: str, cells: logs.Cells) -> list[str]:
    """A column as text; `kind` is one of Zeek's types, or a set or vector of one."""
    one = kind.rpartition("[")[2].rstrip("]")
    write_one = WRITERS[one]
    if one == kind:
        return [UNSET if cell is None else write_one(cell) for cell in cells]
    if one == "string":
        write_one = functools.partial(escaped, separator=BETWEEN)
    return [UNSET if cell is None else BETWEEN.join(map(write_one, cell)) for cell in cells]
