"""Rulings become findings: one for each kind of breach, host and peer, with frames to look at and a filter."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analyzer.findings import Basis, Cite, Evidence, Finding, Severity, Strength, Verdict
from analyzer.judging.case import Case, Rows, count, listed, octets
from analyzer.judging.codes import CODES
from analyzer.judging.ruling import ORDER, Block, Evidenced, Opening, Ruling, exempting
from analyzer.judging.traffic import TCP, UDP
from analyzer.rulepack import Rule


class Claim(NamedTuple):
    """What a finding says: its code, title and detail, on which host, how bad, how sure, and the frames to look at."""

    code: str
    title: str
    detail: str
    host: str
    severity: Severity
    strength: Strength = Strength.STRONG
    verdict: Verdict = Verdict.EXPECTED
    frames: tuple[int, ...] = ()


MAX_EVIDENCE = 10
MAX_FILTERS = 12
FIELDS = {TCP: "tcp", UDP: "udp"}


def report(case: Case, rule: Rule) -> tuple[Finding, ...]:
    """The findings on the rulings that are filed under a rule."""
    return gather(case, case.filed(rule))


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
    claim = Claim(ruling.code, title, f"{size}: {detail}" if detail else size, host, ruling.severity)
    return finding(case, ruling.broken, claim._replace(verdict=ruling.plain, strength=ruling.strength), rows)


def finding(case: Case, rule: Rule | None, claim: Claim, rows: Rows) -> Finding:
    """The finding that a claim on flows makes; its remedy is the rule's, else the code's."""
    entry, book, code = CODES[claim.code], case.book, claim.code
    evidence = [
        Evidence(code, claim.verdict, claim.strength, row, frames or frames_of(case, row), claim.detail)
        for row, frames in zip(
            (int(row) for row in rows[:MAX_EVIDENCE]), (claim.frames, *[()] * MAX_EVIDENCE), strict=False
        )
    ] or [Evidence(code, claim.verdict, claim.strength, -1, claim.frames, claim.detail)]
    return Finding(
        id="",
        code=code,
        verdict=claim.verdict,
        severity=claim.severity,
        strength=claim.strength,
        title=claim.title,
        rule=rule.id if rule else "",
        pack=book.pack.name,
        basis=rule.basis if rule else Basis.READING,
        cite=rule.cite if rule else Cite(book.pack.document, "", 0, ""),
        flows=tuple(int(row) for row in rows),
        evidence=tuple(evidence),
        rivals=entry.rivals,
        remedy=rule.remedy if rule and rule.remedy and not entry.own_remedy else entry.remedy,
        filter=display_filter(case, rows),
        host=claim.host,
    )


def of_block(case: Case, block: Block, severity: Severity, remedy: str) -> Finding:
    """The finding on something that stops a host."""
    rows, entry = rows_of(block.flows), CODES[block.code]
    said = f"{count(block.attempts, 'attempt')} in {count(len(rows), 'flow')}, stopped"
    said += (
        f" by {block.by}" if block.by else ", by whom the capture does not show: beyond the place where it was taken"
    )
    if block.others:
        said += f"; so are {listed(block.others)}"
    if block.since:
        said += "; it worked later"
    summary = Evidence(block.code, Verdict.BLOCKED, block.strength, int(rows[0]), (), said)
    return Finding(
        id="",
        code=block.code,
        verdict=Verdict.BLOCKED,
        severity=severity,
        strength=block.strength,
        title=entry.title.format(host=block.actor.name, whom=block.whom),
        rule=block.rule.id,
        pack=block.pack,
        basis=block.rule.basis,
        cite=block.rule.cite,
        flows=block.flows,
        evidence=(summary, *_distinct(block)),
        rivals=block.rivals,
        remedy=remedy,
        filter=display_filter(case, rows),
        host=block.actor.name,
    )


def of_opening(case: Case, opening: Opening, remedy: str) -> Finding:
    """The finding on somebody who opens a host's TLS, or may do so."""
    rows, entry = rows_of(opening.flows), CODES[opening.code]
    rulings = case.ruled(opening.flows)
    rules = exempting(rulings)
    rule = max(rules, key=lambda one: sum(one in ruling.exempt for ruling in rulings), default=None)
    rule = rule or next((ruling.rule for ruling in rulings if ruling.rule), None)
    told = list(dict.fromkeys(seen.target for seen in opening.evidence))
    by = f", by {opening.by}" if opening.by else ", by whom the capture does not show"
    said = f"{count(len(rows), 'flow')} with {listed(told, MAX_EVIDENCE)}{by}"
    if opening.certain and not any(ruling.exempt for ruling in rulings):
        said += "; no rule of the document forbids it"
    verdict = Verdict.INTERCEPTED if opening.certain else Verdict.EXPECTED
    severity = min(
        (ruling.exempt[0].severity for ruling in rulings if ruling.exempt), key=ORDER.index, default=Severity.LOW
    )
    return Finding(
        id="",
        code=opening.code,
        verdict=verdict,
        severity=severity if opening.certain else Severity.INFO,
        strength=opening.strength,
        title=entry.title.format(host=opening.actor, whom=listed(told)),
        rule=rule.id if rule else "",
        pack=opening.pack,
        basis=rule.basis if rule else Basis.READING,
        cite=rule.cite if rule else Cite(case.book.pack.document, "", 0, ""),
        flows=opening.flows,
        evidence=(Evidence(opening.code, verdict, opening.strength, int(rows[0]), (), said), *_distinct(opening)),
        rivals=entry.rivals,
        remedy=remedy,
        filter=display_filter(case, rows),
        host=opening.actor,
    )


def _distinct(shown: Evidenced) -> list[Evidence]:
    """The first pieces of evidence that say something of their own."""
    return list({(seen.detail, seen.frames): seen for seen in shown.evidence}.values())[:MAX_EVIDENCE]


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
        ends = " && ".join(_end(address) for address in (flows.orig_h[row], flows.resp_h[row]))
        proto = FIELDS.get(int(flows.proto[row]))
        parts[f"({ends} && {proto}.port == {flows.resp_p[row]})" if proto else f"({ends})"] = None
        if len(parts) >= MAX_FILTERS:
            break
    return " || ".join(parts)


def _end(address: str) -> str:
    """A display filter for one end."""
    return f"{'ipv6' if ':' in address else 'ip'}.addr == {address}"


def numbered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with their ids F1, F2 and so on, the worst first."""
    ranked = sorted(findings, key=lambda found: (ORDER.index(found.severity), found.flows[:1], found.code))
    return tuple(dataclasses.replace(found, id=f"F{number}") for number, found in enumerate(ranked, 1))


def rows_of(flows: Iterable[int]) -> Rows:
    """Rows of Flows in order, each once."""
    return np.unique(np.array(list(flows), np.int64))
