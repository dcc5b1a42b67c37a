"""A result becomes the text of report.html, by a template, with a policy by which a browser runs only what is ours."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analyzer.exporting import outcomes, pairs, terminal, units
from analyzer.exporting.page import counted, one_line, several
from analyzer.exporting.report import picture
from analyzer.exporting.report.addressees import ADDRESSEES
from analyzer.exporting.report.charts import charts
from analyzer.exporting.report.flowtable import FIRST, MOST, encoded
from analyzer.findings import Budget, ChecklistItem, Cite, Conclusions, Finding, Outcome, RuleOutcome, Severity
from analyzer.printable import printable
from analyzer.result import Result, moment
from analyzer.taps import MEANINGS

FOLDER = Path(__file__).parent
TEMPLATE, STYLE, SCRIPT = "report.html.jinja", "report.css", "report.js"

MANY_PEERS = 12

MOST_FINDINGS, MOST_SEEN, MOST_HOSTS, MOST_LINKS = 200, 40, 300, 300
"""Findings, evidence of each, hosts, and rows of the picture's table, that a person may still read; all are in
result.json and flows.parquet, and what is left out is told."""

Cited = TypeVar("Cited", RuleOutcome, ChecklistItem)


class Section(NamedTuple):
    """A section of a document with its rules, or steps of a list; `counts` are outcomes that occur."""

    pack: str
    document: str
    name: str
    rows: tuple[Any, ...]
    counts: tuple[tuple[Outcome, int], ...]

    @property
    def fails(self) -> bool:
        """Whether any row of it does."""
        return any(outcome is Outcome.FAILS for outcome, _ in self.counts)


class Change(NamedTuple):
    """A remedy, how bad it is at worst what it mends, and the findings that ask for it."""

    remedy: str
    severity: Severity
    findings: list[Finding]


class Passed(NamedTuple):
    """What became of flows between two taps: a passage in words, how many, and whom they were for."""

    words: str
    meaning: str
    flows: int
    names: str


def text(result: Result) -> str:
    """The HTML text; the same result gives the same text."""
    style, script = (_part(name) for name in (STYLE, SCRIPT))
    ours = {"style": Markup(style), "script": Markup(script)}  # noqa: S704 - our own files
    template = _environment().get_template(TEMPLATE)
    return template.render(**ours, policy=policy(style, script), data=data(result), **contents(result))


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy (W3C CSP level 3): nothing is loaded, and of code and style only these two apply."""
    return (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(source: str) -> str:
    """The hash of an inline script or style, as a policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode('ascii')}"


def data(result: Result) -> Markup:
    """The flows as JSON that no text in it can end: it is ASCII, and angle brackets and ampersands are escaped."""
    made = json.dumps(encoded(result, MOST), separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for sign in "<>&":
        made = made.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(made)  # noqa: S704 - as the line above has it


def contents(result: Result) -> dict[str, Any]:
    """What the template shows, by name."""
    concluded = result.conclusions
    steps = {item.cite for item in concluded.checklist}
    rules = [rule for rule in concluded.rules if rule.cite not in steps]
    found = sorted(concluded.findings, key=lambda finding: list(Severity).index(finding.severity))[:MOST_FINDINGS]
    return {
        "result": result,
        "concluded": concluded,
        "most": {"findings": MOST_FINDINGS, "seen": MOST_SEEN, "hosts": MOST_HOSTS, "links": MOST_LINKS},
        "hosts": sorted(concluded.hosts, key=lambda host: not host.judged),
        "headline": terminal.headline(result).plain.partition(" · ")[0],
        "tone": tone(result),
        "counts": [(outcome, count) for outcome, count in result.outcomes.items() if count],
        "captured": captured(result),
        "documents": documents(concluded),
        "fails": [rule for rule in rules if rule.outcome is Outcome.FAILS],
        "failing_steps": sum(item.outcome is Outcome.FAILS for item in concluded.checklist),
        "findings": found,
        "causes": causes(found),
        "changes": changes(found),
        "sections": sections(rules),
        "rules": rules,
        "waiting": outcomes.waiting(concluded.rules),
        "checklist": sections(concluded.checklist),
        "measures": [measure for measure in result.measures if measure.words],
        "verdicts": verdicts(result),
        "flow_rows": MOST,
        **drawn(result),
        "passages": passages(result),
        "clocks": pairs.told(result.taps.clock) if result.taps else "",
        "charts": charts(result),
    }


def drawn(result: Result) -> dict[str, Any]:
    """The network picture: its lanes and height, how many hosts it leaves out, and the same as rows of a table."""
    lanes = picture.lanes(result)
    placed, height = picture.placed(lanes)
    sides = [
        (lane.host, *side) for lane in lanes for side in (("across the border", lane.outside), ("inside", lane.inside))
    ]
    links = [(host, where, link) for host, where, side in sides for link in picture.worst_first(side.values())]
    return {"drawn": placed, "height": height, "left_out": max(len(lanes) - picture.MOST_HOSTS, 0), "links": links}


def tone(result: Result) -> str:
    """Whether all is well, something fails, or nobody can tell."""
    if result.exit_code not in (0, 1) or not result.conclusions.rules:
        return "unclear"
    if result.exit_code:
        return "fails"
    return "holds" if terminal.judged(result) else "unclear"


def captured(result: Result) -> list[str]:
    """What was read: names, frames, octets, when and how long."""
    captures = result.observations.captures
    told = [
        several([Path(capture.path).name for capture in captures], 3),
        counted(sum(capture.packets for capture in captures), "packet"),
        units.octets(sum(capture.octets for capture in captures)),
    ]
    filled = [capture for capture in captures if capture.packets]
    if filled:
        begin, end = min(c.start_ns for c in filled), max(c.end_ns for c in filled)
        told += [f"{moment(begin)[:19].replace('T', ' ')} UTC", units.duration((end - begin) / 1e9)]
    if any(capture.cut for capture in filled):
        told.append("cut short")
    return told


def documents(concluded: Conclusions) -> list[str]:
    """The documents that were judged by, each with its variant."""
    variants = dict(concluded.variants)
    titles = {rule.pack: rule.cite.document for rule in reversed(concluded.rules)}
    return [
        f"{titles.get(pack, pack)} ({variants[pack]})" if variants.get(pack) else titles.get(pack, pack)
        for pack in concluded.packs
    ]


def causes(found: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    """By pack and rule, the findings that break it."""
    made: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        made.setdefault((finding.pack, finding.rule), []).append(finding)
    return made


def changes(found: Iterable[Finding]) -> list[tuple[str, list[Change]]]:
    """What is to be changed, by who can change it; whoever has the worst first, and the same remedy once."""
    made: dict[str, dict[str, Change]] = {}
    for finding in found:
        if finding.remedy:
            mine = made.setdefault(ADDRESSEES.get(finding.code, ""), {})
            mine.setdefault(finding.remedy, Change(finding.remedy, finding.severity, [])).findings.append(finding)
    return [(who, list(those.values())) for who, those in made.items()]


def sections(found: Iterable[Cited]) -> list[Section]:
    """Rules or steps by pack and section of their document, in its order."""
    grouped: dict[tuple[str, str, str], list[Cited]] = {}
    for one in found:
        grouped.setdefault((one.pack, one.cite.document, one.cite.section), []).append(one)
    made = []
    for key, rows in grouped.items():
        counts = Counter(row.outcome for row in rows)
        made.append(Section(*key, tuple(rows), tuple((each, counts[each]) for each in Outcome if counts[each])))
    return made


def verdicts(result: Result) -> list[tuple[str, int]]:
    """How many flows have which verdict, worst first."""
    counts = Counter(str(verdict) for verdict in result.conclusions.flows.verdict)
    return [(verdict.value, counts[verdict]) for verdict in FIRST if counts[verdict]]


def passages(result: Result) -> list[Passed]:
    """What became of the flows between two taps; empty where one capture was judged."""
    if result.taps is None:
        return []
    return [
        Passed(pairs.WORDS[passage], MEANINGS[passage], flows, several(peers, MANY_PEERS))
        for passage, flows, peers in pairs.passed(result)
    ]


def place(cite: Cite) -> str:
    """Where in its document a row stands."""
    return f"{cite.section}, row {cite.row}" if cite.row else cite.section


def tallied(outcome: Outcome, number: int) -> str:
    """An outcome's sign, and so many of it in words: ✓ 40 hold."""
    sign, _, word = outcomes.SIGNS[outcome][0].partition(" ")
    plural = word.removesuffix("s") if outcome in (Outcome.HOLDS, Outcome.FAILS) and number != 1 else word
    return f"{sign} {number} {plural}"


def why(rule: RuleOutcome | ChecklistItem) -> str:
    """The reason of an outcome; what would tell of a rule that cannot be observed has a place of its own."""
    return rule.because.partition(outcomes.TELLS)[0].rstrip(" ;")


def share(budget: Budget) -> float:
    """What a rate is of all that a bar shows, which is one and a half budgets; 1 at most."""
    return min(budget.rate.mean_bps / (1.5 * budget.high_bps), 1.0) if budget.high_bps else 0.0


def _finalize(value: Any) -> Any:
    """Text of a capture, a pack or a site file becomes harmless before it is escaped; what is HTML already stays."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(str(value), whole=True)


@cache
def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "count": units.count, "octets": units.octets, "rate": units.rate, "kbps": units.kbps, "window": units.window,
        "one_line": one_line, "place": place, "seen": terminal.seen, "share": share, "moment": moment, "why": why,
    }  # fmt: skip
    made.globals |= {
        "counted": counted, "several": several, "span": units.span, "SIGNS": outcomes.SIGNS, "STATES": picture.STATES,
        "tallied": tallied,
    }  # fmt: skip
    return made
