"""Nobody opens a connection to a host that offers nothing."""

from __future__ import annotations

from analyzer.findings import Outcome
from analyzer.judging.case import Answer, Case, count, lasting, listed
from analyzer.judging.reports import report
from analyzer.rulepack import Rule

KIND = "no-inbound"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails with the flows that were opened towards the host; holds as far as the capture goes."""
    breaches = case.breaches(rule)
    if breaches:
        rows = case.docket.flows([at for at, _ in breaches])
        whom = listed(ruling.whom for _, ruling in breaches)
        return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')} from {whom}", rows, report(case, rule))
    actors = case.actors(rule)
    rows = case.of(actors)
    if not len(rows):
        return Answer(Outcome.NOT_OBSERVED, f"no flow of a host in the role {' or '.join(rule.who)} was seen")
    who = listed(actor.name for actor in actors)
    seen = f"{count(len(rows), 'flow')} in {lasting(case.duration_s)}"
    return Answer(Outcome.HOLDS, f"{who}: {seen}, none opened from elsewhere", rows)
