"""A picture of a live capture becomes lines of a given width: a header, rules, findings, machines, notes."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from analyzer.exporting import livechanges, units
from analyzer.exporting.bandwidth import bars
from analyzer.exporting.outcomes import SIGNS
from analyzer.exporting.page import LEAST, Page, words
from analyzer.exporting.terminal import SEVERITIES, headline, one_finding
from analyzer.findings import Budget, Outcome, RuleOutcome, Severity
from analyzer.result import moment
from analyzer.watching.picture import Picture, Seen

LATELY_NS = 120_000_000_000
"""So long a rule that turned is marked."""

ORDER = (Outcome.FAILS, Outcome.NOT_OBSERVABLE, Outcome.HOLDS, Outcome.NOT_OBSERVED)
BEFORE = {
    Outcome.FAILS: "failed",
    Outcome.NOT_OBSERVABLE: "not observable",
    Outcome.HOLDS: "held",
    Outcome.NOT_OBSERVED: "not observed",
}
NARROW, MIDDLE, WIDE = 60, 76, 110
"""Columns below which words give way to signs; from which bars have room; from which two things share a line."""

NAME, SIGN, BADGE, LINE_BADGE = 24, 16, 8, 9
FULL, FREE = "█", "░"
NEARLY = 0.8
"""The share of a budget from which its bar warns."""


@dataclass(frozen=True)
class Turned:
    """When a rule came to its outcome, ns since 1970, and which one it had before."""

    at_ns: int
    before: Outcome


Rules = Mapping[tuple[str, str], Turned]


class _Sheet(Page):
    """A page that keeps its lines."""

    def __init__(self, width: int) -> None:
        super().__init__(io.StringIO())
        self.width = max(width, LEAST)
        self.lines: list[Text] = []

    def blank(self) -> None:
        self.lines.append(Text(""))

    def _put(self, line: Text) -> None:
        self.lines.append(line)


def fit(text: Text, width: int) -> Text:
    """A copy that is exactly so many columns wide."""
    made = text.copy()
    made.truncate(max(width, 0), overflow="ellipsis", pad=True)
    return made


def ends(left: Text, right: Text, width: int) -> Text:
    """One line with text at both its ends; the left one gives way."""
    left = left.copy()
    left.rstrip()
    left = fit(left, max(width - right.cell_len, 0))
    return fit(Text("").append_text(left).append_text(right), width)


def clock(at_ns: int) -> str:
    """A time of day in UTC."""
    return moment(at_ns)[11:19]


def bar(share: float, width: int) -> str:
    """A share of 1 as a bar; more than all is a full one."""
    full = min(max(math.ceil(share * width), 0), width) if math.isfinite(share) else 0
    return FULL * full + FREE * (width - full)


def header(picture: Picture, rates: Sequence[float], width: int, *, short: bool) -> list[Text]:
    """What is captured, how fast, what was lost, how full the uplink is, and the verdict; `short` leaves out the rest.

    rates   bit/s of the pictures before, oldest first
    """
    lines = [_where(picture), _speed(picture, rates, width)]
    flows = _flows(picture)
    if width >= WIDE:
        lines[-1].append("  ·  ", "dim").append_text(flows)
    if not short:
        lines.append(_uplink(picture, width))
        lines += [flows] if width < WIDE else []
    told = headline(picture.result) if picture.result is not None else Text("nothing was judged yet", "dim")
    return [fit(line, width) for line in (*lines, told)]


def source(interface: str) -> Text:
    """What is captured, in words."""
    return words("standard input" if interface == "-" else interface, "bold")


def _where(picture: Picture) -> Text:
    text = Text("").append_text(source(picture.interface)).append_text(words(f" · {picture.feed}", "dim"))
    if not picture.since_ns:
        return text.append(" · waiting for the first frame", "yellow")
    when = moment(picture.now_ns)
    lasting = units.duration(max(picture.now_ns - picture.since_ns, 0) / 1e9)
    return text.append(f" · {when[:10]} ", "dim").append(f"{when[11:19]} UTC").append(f" · for {lasting}", "dim")


def _speed(picture: Picture, rates: Sequence[float], width: int) -> Text:
    text = Text("").append(f"{units.count(picture.frames_s)} packets/s · {units.rate(picture.bps)}", "bold")
    if width >= NARROW:
        text.append(" ").append(bars(rates, max(rates, default=0.0)), "cyan")
    text.append(" · ")
    if picture.dropped is None:
        return text.append("drops not known", "yellow")
    if not picture.dropped:
        return text.append("no drops", "green")
    share = picture.dropped / (picture.dropped + picture.frames)
    return text.append(f" {units.count(picture.dropped)} DROPPED ({share:.2%}) ", "bold white on red")


def _flows(picture: Picture) -> Text:
    told = ((picture.open_flows, "open"), (picture.held_flows, "held"), (picture.left_flows, "left memory"))
    text = Text("").append("flows ", "dim")
    text.append(" · ".join(f"{units.count(number)} {word}" for number, word in told))
    shed = f"{units.count(picture.shed_flows)} shed"
    return text.append(" · ").append(shed, "bold white on red" if picture.shed_flows else "")


def _uplink(picture: Picture, width: int) -> Text:
    """The uplink both ways, against what it carries."""
    limit = picture.uplink_bps
    text = Text("").append("uplink", "dim")
    room = min(max((width - 62) // 2, 4), 40) if limit and width >= MIDDLE else 0
    for word, bps in (("up", picture.up_bps), ("down", picture.down_bps)):
        text.append(f" {word} ", "dim")
        if limit:
            text.append(bar(bps / limit, room), _heat(bps / limit))
        text.append(f"{' ' if room else ''}{units.rate(bps)}" + (f" {bps / limit:.0%}" if limit else ""))
    return text.append(f" of {units.rate(limit)}" if limit else " · what it carries is not known", "dim")


def _heat(share: float) -> str:
    return "bold red" if share > 1 else "yellow" if share > NEARLY else "green"


def rules(picture: Picture, turned: Rules, width: int, *, by_section: bool) -> list[Text]:
    """A line for each rule: by outcome, what fails and what turned lately first; or as the document goes."""
    found = livechanges.rules_of(picture)
    lately = {key: turn for key, turn in turned.items() if picture.now_ns - turn.at_ns <= LATELY_NS}
    if not by_section:
        rank = {outcome: number for number, outcome in enumerate(ORDER)}
        found = tuple(sorted(found, key=lambda rule: (rank[rule.outcome], (rule.pack, rule.rule) not in lately)))
    lines, section = [], ("", "")
    for rule in found:
        if by_section and section != (section := (rule.pack, rule.cite.section)):
            lines.append(fit(words(" · ".join(section), "underline"), width))
        lines.append(_rule(rule, lately.get((rule.pack, rule.rule)), picture.now_ns, width))
    return lines


def _rule(rule: RuleOutcome, turn: Turned | None, now_ns: int, width: int) -> Text:
    """Outcome, what it asks for, its id; where it turned lately, what it was and how long ago."""
    sign, style = SIGNS[rule.outcome]
    text = Text("").append("▸" if turn else " ", "bold magenta").append(sign if width >= NARROW else sign[:1], style)
    text = fit(text, SIGN + 1 if width >= NARROW else 2).append(" ")
    text.append_text(words(rule.title, style if rule.outcome is Outcome.FAILS else "bold" if turn else ""))
    if turn:
        right = Text(f" {BEFORE[turn.before]} until {max(now_ns - turn.at_ns, 0) // 1_000_000_000} s ago", "magenta")
        return ends(text, right if width >= NARROW else Text(""), width)
    room = min(NAME, width - text.cell_len - 2) if width < WIDE else 2 * NAME
    return ends(text, words(f" {rule.rule}", "dim") if len(rule.rule) <= room else Text(""), width)


def finding(seen: Seen, width: int) -> Text:
    """A line for a finding: when it was seen first, how bad it is, its title."""
    severity, wide = seen.finding.severity, width >= NARROW
    text = Text("").append(f"{clock(seen.first_ns)[: None if wide else 5]} ", "dim")
    badge = Text(severity.value.upper()[: BADGE if wide else 1], "dim" if seen.gone else SEVERITIES[severity])
    text.append_text(badge).append(" " * (LINE_BADGE - badge.cell_len if wide else 1))
    text.append_text(words(seen.finding.title, "dim strike" if seen.gone else ""))
    return ends(text, Text(" gone", "dim") if seen.gone else Text(""), width)


def sorted_findings(picture: Picture, *, worst_first: bool) -> tuple[Seen, ...]:
    """Newest first; or those that are still there and worst first."""
    if not worst_first:
        return picture.findings
    rank = {severity: number for number, severity in enumerate(Severity)}
    return tuple(sorted(picture.findings, key=lambda seen: (seen.gone, rank[seen.finding.severity])))


def share_of(budget: Budget) -> float:
    """What a host sends or receives, as a share of what it is granted; NaN where that cannot be told."""
    bps, granted = budget.rate.mean_bps, budget.high_bps
    return bps / granted if granted > 0 and math.isfinite(bps) else math.nan


def machines(picture: Picture, width: int, *, by_name: bool) -> list[Text]:
    """A line for each host with a budget: a bar and figures; the fullest first, or by name."""
    found = picture.result.conclusions.budgets if picture.result is not None else ()
    ranked = sorted(found, key=lambda one: _counted(one.host))
    if not by_name:
        ranked.sort(key=lambda one: -share_of(one) if math.isfinite(share_of(one)) else math.inf)
    most = NAME if width < WIDE else 2 * NAME
    names = [_name(one, most, role=width >= NARROW) for one in ranked]
    wide = min(max((name.cell_len for name in names), default=0), most)
    return [_machine(one, fit(name, wide), width) for one, name in zip(ranked, names, strict=True)]


def _counted(name: str) -> list[tuple[int, str]]:
    """What sorts names as people count: 9 before 10."""
    parts = re.split(r"0*([0-9]+)", name)
    return [(len(part) if at % 2 else 0, part) for at, part in enumerate(parts)]


def _name(budget: Budget, most: int, *, role: bool) -> Text:
    """A host's name, with its role where there is room; a long one keeps its end, by which machines differ."""
    name = words(budget.host)
    whole = words(f"{budget.host} ({budget.role})")
    if role and whole.cell_len <= most:
        return whole
    if name.cell_len <= most:
        return name
    end = name[-1:]
    while end.cell_len < most // 3:
        end = name[-len(end) - 1 :]
    return fit(name, most - end.cell_len).append_text(end)


def _machine(budget: Budget, name: Text, width: int) -> Text:
    share, known = share_of(budget), math.isfinite(share_of(budget))
    sign, style = SIGNS[budget.outcome]
    told = units.rate(budget.rate.mean_bps) if math.isfinite(budget.rate.mean_bps) else "not known"
    figures = f"{told:>11}" + (f" of {units.span(budget.budget_bps, budget.high_bps)}" if width >= NARROW else "")
    text = Text("").append(f" {sign[:1]} ", style).append_text(name).append("  ")
    right = Text(f" {figures:<30}" if width >= NARROW else figures).append(f" {share:>5.0%}" if known else " " * 6)
    room = width - text.cell_len - right.cell_len
    if room >= 4:
        text.append(bar(share if known else 0.0, min(room, 40)), _heat(share) if known else "dim")
    return ends(text, right, width)


def notes(picture: Picture, width: int) -> list[Text]:
    """What is to be known, newest first, wrapped."""
    sheet = _Sheet(width)
    for note in reversed(picture.notes):
        sheet.hang(Text("-", "dim"), words(note), at=3, indent=1)
    return [fit(line, width) for line in sheet.lines]


def in_full(seen: Seen, width: int) -> list[Text]:
    """All of one finding, as `analyzer check` tells it, and when it was there."""
    sheet = _Sheet(width)
    one_finding(sheet, seen.finding, set())
    sheet.hang(
        Text("When:", "dim"),
        Text(" to ".join(_times(seen)) + (", and no longer" if seen.gone else "")),
        at=12,
        indent=2,
    )
    return [fit(line, width) for line in sheet.lines]


def _times(seen: Seen) -> Iterator[str]:
    for at_ns in (seen.first_ns, seen.last_ns):
        yield f"{moment(at_ns)[:10]} {clock(at_ns)} UTC"


def sheet(told: Sequence[tuple[str, str]], width: int) -> list[Text]:
    """Words and what they stand for, a line each, and an empty one."""
    page = _Sheet(width)
    for word, meaning in told:
        page.hang(Text(word, "bold"), Text(meaning), at=20 if width >= NARROW else 4, indent=1)
    page.blank()
    return [fit(line, width) for line in page.lines]
