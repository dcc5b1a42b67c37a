"""Two readings of a capture become a table for a person, and plain data for a program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.text import Text

from analyzer.exporting.page import Page, fitted, several, words
from analyzer.inspecting.reading import Compared, Comparison

SHOWN_NAMES = 8
TIMES = {"start_ns", "end_ns"}
LAST_S = 253_402_300_799  # 9999-12-31, where the calendar of the standard library ends


def facts(made: Comparison) -> dict[str, Any]:
    """A comparison as dictionaries, lists, strings and numbers."""
    return {
        "schema": "analyzer-comparison/1",
        "capture": made.capture,
        "program": made.program,
        "agree": made.agree,
        "quantities": [
            {
                "quantity": one.quantity,
                "agree": one.agree,
                "ours": _plain(one.ours),
                "theirs": _plain(one.theirs),
                "only_ours": list(one.only[0]),
                "only_theirs": list(one.only[1]),
                "causes": [] if one.agree else list(one.causes),
            }
            for one in made.compared
        ],
    }


def shown(made: Comparison, stream: TextIO) -> None:
    """Writes each quantity in both readings, and for those that differ what the usual causes are."""
    page = Page(stream)
    differ = sum(not one.agree for one in made.compared)
    verdict = f"{differ} of {len(made.compared)} quantities differ" if differ else "no difference"
    page.line(words(f"{made.capture} against {made.program}: {verdict}", "bold"))
    page.blank()
    rows = [
        [words("✓" if one.agree else "✗", "green" if one.agree else "red"), words(one.title), words(_short(one, 0)),
         words(_short(one, 1))]
        for one in made.compared
    ]  # fmt: skip
    heads = [words(head, "dim") for head in ("", "quantity", "here", made.program.partition(" ")[0].lower())]
    widths = fitted([heads, *rows])
    page.rows([heads], widths, indent=0)
    for one, row in zip(made.compared, rows, strict=True):
        page.rows([row], widths, indent=0)
        if not one.agree:
            for told in _told(one):
                page.line(Text(told.plain, "dim"), indent=5)


def _told(one: Compared) -> Iterator[Text]:
    """What is to be said of a quantity that differs."""
    for who, names in zip(("only here", "only there"), one.only, strict=True):
        if names:
            yield words(f"{who}: {several(names, SHOWN_NAMES)}")
    for cause in one.causes:
        yield words(f"may be: {cause}")


def _short(one: Compared, side: int) -> str:
    """A value in a cell: how many, where it is a set."""
    value = (one.ours, one.theirs)[side]
    if one.quantity in TIMES:
        return "the same" if side and one.agree else _time(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(len(value)) if isinstance(value, frozenset) else str(value)


def _time(ns: int) -> str:
    """A time in UTC with its nanoseconds; as a number of s where the calendar does not reach."""
    seconds, rest = divmod(abs(ns), 1_000_000_000)
    if not 0 < ns < LAST_S * 1_000_000_000:
        return f"{'-' if ns < 0 else ''}{seconds}.{rest:09}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09}"


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
