"""Outcomes of rules and of checklist steps become text: by section, what was not observed folded, each reason once."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rich.text import Text

from analyzer.exporting.page import Page, counted, fitted, several, words
from analyzer.findings import Basis, ChecklistItem, Cite, Outcome, RuleOutcome

SIGNS = {
    Outcome.HOLDS: ("✓ holds", "green"),
    Outcome.FAILS: ("✗ fails", "bold red"),
    Outcome.NOT_OBSERVED: ("· not observed", "dim"),
    Outcome.NOT_OBSERVABLE: ("? not observable", "yellow"),
}
WIDE = 120
"""Columns from which on a rule and its reason stand side by side."""

MANY_RULES = 6
TELLS = "what would tell: "
"""What comes before the words, in the reason of a rule that cannot be observed, that say what would."""

FIGURE = re.compile(r"[0-9][0-9.:,]*")
COMMAND = re.compile(r"\b(?:dumpcap|tshark|tcpdump) -[^;\n]*")


def rules(page: Page, found: Sequence[RuleOutcome], elsewhere: Collection[Cite], full: bool) -> None:
    """Writes the rules by document and section; those that were not observed share a line, unless all is asked for.

    elsewhere   rows that are shown as steps of a checklist, and here only where all is asked for
    """
    listed = [rule for rule in found if full or rule.cite not in elsewhere]
    if not listed:
        return
    page.heading("requirements")
    shown = [rule for rule in listed if full or rule.outcome is not Outcome.NOT_OBSERVED]
    wide = fitted([_cells(rule) for rule in shown], (0, 30, 60)) if page.width >= WIDE else ()
    for (pack, document), of_document in itertools.groupby(listed, key=lambda rule: (rule.pack, rule.cite.document)):
        page.line(words(f"{pack}: {document}", "underline"))
        sections: dict[str, list[RuleOutcome]] = {}
        for rule in of_document:
            sections.setdefault(rule.cite.section, []).append(rule)
        for section, members in sections.items():
            _section(page, section, members, wide, full)


def _section(page: Page, section: str, members: Sequence[RuleOutcome], wide: Sequence[int], full: bool) -> None:
    told = [rule for rule in members if full or rule.outcome is not Outcome.NOT_OBSERVED]
    folded = Text(f"· {len(members) - len(told)} not observed", "dim")
    if not told:
        page.hang(words(section, "bold"), folded, at=len(section) + 4, indent=2)
        return
    page.line(words(section, "bold"), 2)
    narrow = (max(len(SIGNS[rule.outcome][0]) for rule in told),)
    for rule in told:
        _rule(page, rule, wide or narrow, full)
    if len(told) < len(members):
        page.line(folded, 4)


def _rule(page: Page, rule: RuleOutcome, widths: Sequence[int], full: bool) -> None:
    """One rule; its reason beside it where there is room, else below, where that is worth a line."""
    cells = _cells(rule)
    brief = rule.outcome is Outcome.HOLDS and not full
    room = page.width - 4 - sum(widths) - 2 * len(widths)
    if len(widths) > 1:
        if brief:
            cells[-1].truncate(room, overflow="ellipsis")
        page.rows([cells], widths, indent=4)
        return
    sign, name, title, flows, because = cells
    told = Text("  ").join(part for part in (title, flows) if part.plain)
    whole = told.copy().append("  ").append_text(name)
    page.rows([[sign, told if brief and whole.cell_len > room >= told.cell_len else whole]], widths, indent=4)
    if because.plain and not brief:
        page.line(because, page.width - room)


def _cells(rule: RuleOutcome) -> list[Text]:
    """Outcome, id, title, flows, reason; why a rule cannot be observed has a place of its own."""
    title = words(rule.title)
    if rule.basis is Basis.READING:
        title.append(" (reading)", "dim")
    flows = words(counted(rule.flows, "flow") if rule.flows else "", "dim")
    because = words("" if rule.outcome is Outcome.NOT_OBSERVABLE else rule.because, "dim")
    return [Text(*SIGNS[rule.outcome]), words(rule.rule, "dim"), title, flows, because]


class Waiting(NamedTuple):
    """Why rules cannot be observed: one reason for all of them, what would tell, and the command that captures it."""

    why: str
    tells: str
    command: str
    rules: tuple[str, ...]


def waiting(found: Iterable[RuleOutcome]) -> list[Waiting]:
    """Why some rules cannot be observed, each reason once whatever its figures."""
    alike: dict[str, list[RuleOutcome]] = {}
    for rule in found:
        if rule.outcome is Outcome.NOT_OBSERVABLE:
            alike.setdefault(FIGURE.sub("0", rule.because), []).append(rule)
    made = []
    for those in alike.values():
        why, _, tells = max(those, key=lambda rule: rule.flows).because.partition(TELLS)
        command = COMMAND.search(tells)
        told, run = COMMAND.sub("", tells).strip(" :;"), command.group().strip() if command else ""
        made.append(Waiting(why.rstrip(" ;"), told, run, tuple(rule.rule for rule in those)))
    return made


def settling(page: Page, found: Iterable[RuleOutcome]) -> None:
    """Writes why some rules cannot be observed, and what would tell."""
    reasons = waiting(found)
    if not reasons:
        return
    page.heading("not observable", "why, and what would tell")
    for reason in reasons:
        page.hang(Text("?", "yellow"), words(reason.why), at=4, indent=2)
        told, run = words(reason.tells), words(reason.command, "cyan")
        rest = words(several(reason.rules, MANY_RULES), "dim")
        for label, text in (("for", rest), ("tells", told), ("run", run)):
            if text.plain:
                page.hang(Text(label, "dim"), text, at=12, indent=4)


def checklist(page: Page, items: Sequence[ChecklistItem], full: bool) -> None:
    """Writes the steps of the documents' lists; the reason is told where one fails, or everything is asked for."""
    if not items:
        return
    counts = Counter(item.outcome for item in items)
    page.heading("checklists", " · ".join(f"{counts[each]} {SIGNS[each][0][2:]}" for each in Outcome if counts[each]))
    shown = [item for item in items if full or item.outcome is not Outcome.NOT_OBSERVED]
    for section, steps in itertools.groupby(shown, key=lambda item: (item.pack, item.cite.section)):
        page.line(words(section[1], "bold"), 2)
        rows = []
        for step in steps:
            text = words(step.item)
            if step.because and (step.outcome is Outcome.FAILS or full):
                text.append_text(words(f"  {step.because}", "dim"))
            rows.append([Text(*SIGNS[step.outcome]), text])
        page.rows(rows, indent=4)
