"""A host belongs to one variant of the document."""

from __future__ import annotations

import numpy as np

from analyzer.findings import Finding, Outcome
from analyzer.judging.case import Answer, Case, listed
from analyzer.judging.reports import Claim, finding
from analyzer.judging.variants import seen_at
from analyzer.rulepack import Rule

KIND = "one-variant"
CODE = "two-variants"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails where one host shows signs of two; an address of several hosts may rightly show both."""
    findings: list[Finding] = []
    told = []
    for actor in case.singles(rule):
        variants = seen_at(case.book.pack, case.signs, actor.addresses)
        if len(variants) > 1:
            findings.append(_finding(rule, case, actor.name, variants, actor.addresses))
        told += [f"{actor.name}: {' and '.join(variants)}"] if variants else []
    if findings:
        return Answer(Outcome.FAILS, listed(told), findings=tuple(findings))
    if told:
        return Answer(Outcome.HOLDS, listed(told))
    return Answer(Outcome.NOT_OBSERVED, "no name or address that belongs to one variant only is in the capture")


def _finding(
    rule: Rule, case: Case, host: str, variants: dict[str, tuple[str, int]], addresses: tuple[str, ...]
) -> Finding:
    """The finding on one host."""
    both = " and ".join(variants)
    frames = tuple(frame for _, frame in variants.values())
    traffic = case.docket.traffic
    mine = traffic.opened.among(traffic.codes(addresses))
    rows = mine[np.isin(case.seen.flows.first_frame[mine], frames)]
    detail = "; ".join(f"{variant}: {text}" for variant, (text, _) in variants.items())
    claim = Claim(CODE, f"{host} uses {both} at once", detail, host, rule.severity, frames=frames)
    return finding(case, rule, claim, rows)
