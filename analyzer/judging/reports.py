"""Rulings become findings: one for each kind of breach, host and peer, with frames to look at and a filter."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from analyzer.findings import Basis, Cite, Evidence, Finding, Severity, Strength, Verdict
from analyzer.judging.case import Case, Rows, count, octets
from analyzer.judging.codes import CODES
from analyzer.judging.rulings import ORDER, Ruling
from analyzer.judging.traffic import TCP, UDP
from analyzer.rulepack import Rule

MAX_EVIDENCE = 10
MAX_FILTERS = 12
FIELDS = {TCP: "tcp", UDP: "udp"}


def report(case: Case, rule: Rule) -> tuple[Finding, ...]:
    """The findings on the rulings that are filed under a rule."""
    return gather(
        case,
        [(at, ruling) for at, ruling in case.rulings() if ruling.broken is not None and ruling.broken.id == rule.id],
    )


def gather(case: Case, breaches: Iterable[tuple[int, Ruling]]) -> tuple[Finding, ...]:
    """One finding for each code, host and peer."""
    grouped: dict[tuple[str, str, str], list[tuple[int, Ruling]]] = defaultdict(list)
    for at, ruling in breaches:
        grouped[ruling.code, ruling.actor.name if ruling.actor else "", ruling.whom].append((at, ruling))
    made = []
    for group in grouped.values():
        ruling = min((ruling for _, ruling in group), key=lambda ruling: ORDER.index(ruling.severity))
        rows = case.docket.flows([at for at, _ in group])
        details = list(dict.fromkeys(ruling.why for _, ruling in group if ruling.why))
        made.append(_of_ruling(case, ruling, rows, "; ".join(details)))
    return tuple(made)


def _of_ruling(case: Case, ruling: Ruling, rows: Rows, detail: str) -> Finding:
    """The finding that a ruling and its flows make."""
    host = ruling.actor.name if ruling.actor else ""
    title = CODES[ruling.code].title.format(host=host, whom=ruling.whom)
    size = f"{count(len(rows), 'flow')}, {octets(case, rows)} octets"
    return finding(
        case, ruling.broken, ruling.code, ruling.verdict, ruling.severity, ruling.strength or Strength.STRONG,
        title, rows, f"{size}: {detail}" if detail else size, host,
    )  # fmt: skip


def finding(  # noqa: PLR0913 a finding has as many sides
    case: Case,
    rule: Rule | None,
    code: str,
    verdict: Verdict,
    severity: Severity,
    strength: Strength,
    title: str,
    rows: Rows,
    detail: str,
    host: str = "",
    frames: Sequence[int] = (),
) -> Finding:
    """A finding on flows, with the frames in which to look; its remedy is the rule's, else the code's."""
    entry = CODES[code]
    shown = [int(row) for row in rows[:MAX_EVIDENCE]]
    evidence = [
        Evidence(code, verdict, strength, row, tuple(frames) if frames and at == 0 else frames_of(case, row), detail)
        for at, row in enumerate(shown)
    ] or [Evidence(code, verdict, strength, -1, tuple(frames), detail)]
    book = case.book
    cite = rule.cite if rule else Cite(book.pack.document, "", 0, "")
    return Finding(
        "", code, verdict, severity, strength, title, rule.id if rule else "", book.pack.name,
        rule.basis if rule else Basis.READING, cite, tuple(int(row) for row in rows), tuple(evidence), entry.rivals,
        (rule.remedy if rule and rule.remedy and not entry.own_remedy else entry.remedy), display_filter(case, rows), host,
    )  # fmt: skip


def frames_of(case: Case, row: int) -> tuple[int, ...]:
    """The frames of a flow in which something begins, in order, as Wireshark counts."""
    flows = case.seen.flows
    columns = (flows.first_frame, flows.resp_frame, flows.orig_data_frame, flows.resp_data_frame, flows.rst_frame)
    return tuple(sorted({int(column[row]) for column in columns} - {0}))


def display_filter(case: Case, rows: Rows) -> str:
    """A Wireshark display filter that shows these flows (their hosts and ports; some of them where they are many)."""
    flows = case.seen.flows
    parts: dict[str, None] = {}
    for row in rows.tolist():
        ends = " && ".join(
            f"{'ipv6' if ':' in address else 'ip'}.addr == {address}" for address in (flows.orig_h[row], flows.resp_h[row])
        )  # fmt: skip
        proto = FIELDS.get(int(flows.proto[row]))
        parts[f"({ends} && {proto}.port == {flows.resp_p[row]})" if proto else f"({ends})"] = None
        if len(parts) >= MAX_FILTERS:
            break
    return " || ".join(parts)


def numbered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with their ids, the worst first: F1, F2, …"""
    ranked = sorted(findings, key=lambda found: (ORDER.index(found.severity), found.flows[:1], found.code))
    return tuple(dataclasses.replace(found, id=f"F{number}") for number, found in enumerate(ranked, 1))


def rows_of(flows: Iterable[int]) -> Rows:
    """Rows of Flows in order, each once."""
    return np.unique(np.array(list(flows), np.int64))
