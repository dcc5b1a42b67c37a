"""What changed since an earlier result becomes text for a person, and difference.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from rich.text import Text

from analyzer.differing import Change, Difference, FindingChange, RuleChange, facts
from analyzer.exporting.page import Page, counted, fitted, words
from analyzer.findings import Outcome

NAMES: tuple[str, ...] = ("difference.json",)

SIGNS = {
    Change.BROKEN: ("✗ broken", "bold red"),
    Change.NEW: ("✗ new", "bold red"),
    Change.CHANGED: ("· changed", "yellow"),
    Change.STILL: ("· still", "dim"),
    Change.UNCLEAR: ("? unclear", "yellow"),
    Change.GONE: ("? gone", "yellow"),
    Change.MENDED: ("✓ mended", "green"),
}
LABEL = 13
WIDE = 120
"""Columns from which on host, destination and the rest stand side by side."""

PAST = {"holds": "held", "fails": "failed"} | {
    "not_observed": "was not observed", "not_observable": "was not observable", "": "was not judged",
}  # fmt: skip
PRESENT = {"not_observed": "is not observed", "not_observable": "is not observable", "": "is not judged"}
OPEN = {
    Change.UNCLEAR: "unclear: it is seen again, but too little of it, or not well throughout",
    Change.GONE: "gone: nothing of it is seen in this capture, which proves nothing",
}
"""What is neither mended nor as bad as before, in words."""


def write(difference: Difference, folder: Path) -> None:
    """Writes difference.json into a folder that is there; raises OSError."""
    text = json.dumps(facts(difference), indent=1, ensure_ascii=True).replace("\x7f", "\\u007f")
    (folder / NAMES[0]).write_text(text + "\n", encoding="ascii")


def show(difference: Difference, stream: TextIO, detail: int) -> None:
    """Writes what changed to a stream; `detail` below 0 is how many only, above 0 is everything; raises OSError."""
    page = Page(stream)
    page.heading("changes", f"since {_since(difference)}")
    for name, changes in (("findings", difference.findings), ("rules", difference.rules)):
        page.hang(words(name, "dim"), words(_counts(changes)), at=LABEL, indent=2)
    if detail < 0:
        return
    findings = [one for one in difference.findings if detail > 0 or one.change is not Change.STILL]
    if findings:
        page.blank()
        _listed(page, [_finding(one) for one in findings])
    rules = [one for one in difference.rules if detail > 0 or _concerns(one)]
    if rules:
        page.blank()
        _listed(page, [_rule(one) for one in rules])
    _rest(page, [one for one in difference.rules if one not in rules])
    shown = {one.change for one in findings} | {one.change for one in rules}
    for change, told in OPEN.items():
        if change in shown:
            page.line(words(told, "dim"), 2)
    for note in difference.notes:
        page.hang(words("note", "dim"), words(note), at=LABEL, indent=2)


def _since(difference: Difference) -> str:
    captures = difference.captures
    if not captures:
        return "a result of no capture"
    named = captures[0].path if len(captures) == 1 else counted(len(captures), "capture")
    start = captures[0].start
    return f"{named} of {start[:19].replace('T', ' ')} UTC" if start else named


def _counts(changes: Sequence[FindingChange | RuleChange]) -> str:
    counts = Counter(one.change for one in changes)
    return " · ".join(f"{counts[change]} {change.value}" for change in Change if counts[change]) or "none changed"


def _concerns(one: RuleChange) -> bool:
    """Whether a rule fails, or failed, and not in the same way."""
    return one.change not in (Change.CHANGED, Change.STILL)


def _listed(page: Page, rows: Sequence[Sequence[Text]]) -> None:
    """Rows of a sign and cells: in columns where there is room, else one after the other."""
    if page.width >= WIDE:
        page.rows(rows, fitted(rows, (0, 24, 64)), indent=2)
        return
    for sign, *cells in rows:
        page.hang(sign, Text("  ").join(cell for cell in cells if cell.plain), at=LABEL, indent=2)


def _finding(one: FindingChange) -> list[Text]:
    """Sign, host, destination (else the title), codes."""
    whom = (f"{one.whom} port {one.port}" if one.port else one.whom) or one.title
    was, now = ", ".join(one.was), ", ".join(one.now)
    told = f"was {was}, is {now}" if one.change is Change.CHANGED else f"is {now}" if now else f"was {was}"
    return [Text(*SIGNS[one.change]), words(one.host, "bold"), words(whom), words(told, "dim")]


def _rule(one: RuleChange) -> list[Text]:
    """Sign, rule, pack, outcomes, and why it fails."""
    told = words(_way(one))
    if one.now == Outcome.FAILS and one.because:
        told.append_text(words(f": {one.because}", "dim"))
    return [Text(*SIGNS[one.change]), words(one.rule, "bold"), words(one.pack, "dim"), told]


def _way(one: RuleChange) -> str:
    return f"{PAST.get(one.was, one.was)}, {PRESENT.get(one.now, one.now)} now"


def _rest(page: Page, rules: Iterable[RuleChange]) -> None:
    """How many rules changed in which way that fails neither time, and how many fail as before."""
    for way, number in Counter(map(_way, rules)).most_common():
        page.line(words(f"{way}: {counted(number, 'rule')}", "dim"), 2)
