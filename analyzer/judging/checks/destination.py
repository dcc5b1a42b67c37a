"""A destination that the document names: reached, reached wrongly, tried in vain, or not seen."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, count, listed, octets
from analyzer.judging.reports import report
from analyzer.rulepack import Rule

KIND = "destination"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Holds where a flow that the rule allows worked; fails where one broke it; else not observed, and what was."""
    breaches = case.breaches(rule)
    if breaches:
        rows = case.docket.flows([at for at, _ in breaches])
        whom = listed(f"{ruling.whom} ({ruling.why})" for _, ruling in breaches)
        return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')}: {whom}", rows, report(case, rule), breached=True)
    worked = case.allowed([rule.id], Verdict.EXPECTED)
    tried = case.allowed([rule.id], Verdict.UNDETERMINED)
    if len(worked):
        hosts = listed(sorted({case.seen.flows.resp_h[row] for row in worked.tolist()}))
        more = f"; {len(tried)} more did not work ({listed(case.reasons([rule.id]))})" if len(tried) else ""
        because = f"{count(len(worked), 'flow')} to {hosts}, {octets(case, worked)} octets{more}"
        return Answer(Outcome.HOLDS, because, worked)
    if len(tried):
        because = f"{count(len(tried), 'flow')} tried, none worked: {listed(case.reasons([rule.id]))}"
        return Answer(Outcome.NOT_OBSERVED, because, tried)
    return Answer(Outcome.NOT_OBSERVED, f"no such flow in {_scope(rule, case)}")


def _scope(rule: Rule, case: Case) -> str:
    """Whose flows were looked at."""
    actors = case.actors(rule)
    if not actors:
        return f"the capture: no host in the role {' or '.join(rule.who)} was seen"
    return f"the {count(len(case.of(actors)), 'flow')} of {listed(actor.name for actor in actors)}"
