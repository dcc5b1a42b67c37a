"""A host has a static address on a network: it takes no lease there."""

from __future__ import annotations

from analyzer.findings import Outcome
from analyzer.judging.case import DAY_S, NONE, Answer, Case, count, lasting, listed
from analyzer.judging.reports import report
from analyzer.rulepack import Rule

KIND = "no-dhcp"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails with the leases; not seen in a short capture is not static, since leases are renewed rarely."""
    breaches = case.breaches(rule)
    if breaches:
        rows = case.docket.flows([at for at, _ in breaches])
        why = listed(f"{ruling.whom}, {ruling.why}" for _, ruling in breaches)
        return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')}: {why}", rows, report(case, rule))
    actors = case.singles(rule)
    if not actors:
        return Answer(Outcome.NOT_OBSERVED, f"no host in the role {' or '.join(rule.who)} was seen")
    seen = f"no DHCP of {listed(actor.name for actor in actors)} in {lasting(case.duration_s)}"
    if case.duration_s >= DAY_S:
        return Answer(Outcome.HOLDS, seen, NONE)
    tells = "a lease may be renewed once a day only: a day's capture, or one of a restart, would tell"
    return Answer(Outcome.NOT_OBSERVED, f"{seen}; {tells}")
