"""Hosts in scope open flows to documented destinations only."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, count, listed
from analyzer.judging.reports import report
from analyzer.rulepack import Rule

KIND = "only-documented"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails with the flows that no rule allows; holds where there are none among flows that could be judged."""
    breaches = case.breaches(rule)
    if breaches:
        rows = case.docket.flows([at for at, _ in breaches])
        whom = listed(ruling.whom for _, ruling in breaches)
        return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')} with {whom}", rows, report(case, rule))
    actors = case.actors(rule)
    rows = case.of(actors)
    judged = [ruling.plain for ruling in case.ruled(rows.tolist())]
    fine = judged.count(Verdict.EXPECTED)
    unsure = judged.count(Verdict.UNDETERMINED)
    more = f"; {unsure} undetermined" if unsure else ""
    if fine:
        who = listed(actor.name for actor in actors)
        return Answer(Outcome.HOLDS, f"{count(fine, 'flow')} of {who}, all to documented destinations{more}", rows)
    return Answer(Outcome.NOT_OBSERVED, f"no flow of such a host could be judged{more}", rows)
