"""A host gets answers to its questions, from the documented resolver or from the one it falls back to."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, count, listed, stopped, united
from analyzer.judging.checks.reachable import all_stopped
from analyzer.judging.remedies import capture
from analyzer.rulepack import Rule

KIND = "dns-works"
LAST = 1


def check(rule: Rule, case: Case) -> Answer:
    """Holds where questions were answered; fails where all resolvers that were asked are cut off."""
    ids = [found.id for found in case.selected(rule)]
    worked = case.allowed(ids, Verdict.EXPECTED)
    tried = case.allowed(ids, Verdict.UNDETERMINED)
    blocks = case.blocks(ids)
    if len(worked):
        servers = listed(sorted({case.seen.flows.resp_h[row] for row in worked.tolist()}))
        silent = united([tried, stopped(blocks)])
        more = f"; {count(len(silent), 'flow')} without an answer" if len(silent) else ""
        return Answer(Outcome.HOLDS, f"{count(len(worked), 'flow')} answered by {servers}{more}", worked)
    if blocks:
        return all_stopped(blocks)
    if len(tried):
        why = listed(case.reasons(ids))
        because = f"{count(len(tried), 'flow')} asked, none answered: {why}; {capture(case, tried)}"
        return Answer(Outcome.NOT_OBSERVED, because, tried)
    return Answer(Outcome.NOT_OBSERVED, "no question of such a host is in the capture")
