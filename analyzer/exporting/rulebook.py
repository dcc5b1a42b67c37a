"""Rule packs become text for a person, and plain data for a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.text import Text

from analyzer.exporting.page import Page, fitted, one_line, words
from analyzer.rulelint import Remark
from analyzer.rulepack import Rule, RulePack

PLACE = 24


def facts(pack: RulePack, rule: Rule) -> dict[str, Any]:
    """A rule as dictionaries, lists, strings and numbers."""
    plain = dataclasses.asdict(dataclasses.replace(rule, options=dict(rule.options)))
    return {"pack": pack.name, **plain}


def listed(packs: Sequence[RulePack], stream: TextIO) -> None:
    """Writes a line per rule: id, severity, title."""
    page = Page(stream)
    for pack in packs:
        variants = f", variants {', '.join(pack.variants)}" if pack.variants else ""
        page.heading(pack.name, f"{pack.title}: {len(pack.rules)} rules{variants}")
        rows = [[words(rule.id), words(rule.severity.value, "dim"), words(rule.title)] for rule in pack.rules]
        page.rows(rows, fitted(rows), indent=2)
    page.blank()
    page.line(Text("analyzer rules show ID quotes the row of the document", "dim"))


def shown(found: Sequence[tuple[RulePack, Rule]], stream: TextIO) -> None:
    """Writes all that rules say, with the quoted rows."""
    page = Page(stream)
    for number, (pack, rule) in enumerate(found):
        if number:
            page.blank()
        page.sheet(words(rule.id, "bold").append("  ").append_text(words(rule.title)), _told(pack, rule))


def omitted(pack: RulePack, stream: TextIO) -> None:
    """Writes what of the document makes no rule, and why, each with its line in the pack; nothing where all does."""
    if not pack.not_rules:
        return
    page = Page(stream)
    page.heading("MAKES NO RULE", pack.title)
    for entry in pack.not_rules:
        said = f"{one_line(entry.cite.quote)}: {entry.reason}"
        page.hang(words(f"{Path(pack.path).name}:{entry.line}", "dim"), words(said), at=PLACE)


def remarked(remarks: Sequence[tuple[RulePack, Remark]], stream: TextIO) -> None:
    """Writes what is odd about packs, each with file and line."""
    page = Page(stream)
    for pack, remark in remarks:
        page.hang(words(f"{Path(pack.path).name}:{remark.line}", "dim"), words(remark.text), at=PLACE)
    page.line(Text(f"{len(remarks)} {'remark' if len(remarks) == 1 else 'remarks'}", "bold"))


def _told(pack: RulePack, rule: Rule) -> Iterable[tuple[str, str]]:
    """What a rule says, by label; empty where it leaves something open."""
    to, cite = rule.to, rule.cite
    return {
        "document": f"{pack.title}, {cite.section}" + (f", row {cite.row}" if cite.row else ""),
        "quote": one_line(cite.quote),
        "basis": f"{rule.basis.value}: {rule.because}" if rule.because else rule.basis.value,
        "severity": rule.severity.value,
        "kind": rule.kind,
        "who": ", ".join(rule.who),
        "to": ", ".join(part for part in (*to.names, *to.addresses, to.role) if part),
        "only at": ", ".join(to.at),
        "ports": ", ".join(f"{port.number}/{port.proto}" for port in to.ports),
        "payload": ", ".join(to.payload),
        "user agents": ", ".join(to.user_agents),
        "paths": ", ".join(to.paths),
        "variants": ", ".join(rule.variants),
        "topologies": ", ".join(topology or "unstated" for topology in rule.topologies),
        "alternatives": ", ".join(rule.alternatives),
        "options": "; ".join(f"{key}: {_option(value)}" for key, value in rule.options.items()),
        "note": rule.note,
        "change": rule.remedy,
    }.items()


def _option(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
