"""A host gets through to what other rules name."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, count, listed
from analyzer.rulepack import Rule

KIND = "reachable"
LAST = 1


def check(rule: Rule, case: Case) -> Answer:
    """Holds where a flow that one of the rules allows worked; not observed where none was seen, or none worked."""
    ids = [found.id for found in case.selected(rule)]
    worked = case.allowed(ids, Verdict.EXPECTED)
    tried = case.allowed(ids, Verdict.UNDETERMINED)
    flows = case.seen.flows
    if len(worked):
        whom = listed(dict.fromkeys(flows.server_name[row] or flows.resp_h[row] for row in worked.tolist()))
        lost = sorted({flows.server_name[row] or flows.resp_h[row] for row in tried.tolist()})
        more = f"; in vain to {listed(lost)}" if lost else ""
        return Answer(Outcome.HOLDS, f"{count(len(worked), 'flow')} got through, to {whom}{more}", worked)
    if len(tried):
        return Answer(
            Outcome.NOT_OBSERVED,
            f"{count(len(tried), 'flow')} tried, none got through: {listed(case.reasons(ids))}",
            tried,
        )
    return Answer(Outcome.NOT_OBSERVED, "no such flow is in the capture")
