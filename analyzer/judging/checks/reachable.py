"""A host gets through to what other rules name."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, count, listed, stopped, united
from analyzer.judging.remedies import capture
from analyzer.judging.ruling import Block
from analyzer.rulepack import Rule

KIND = "reachable"
LAST = 1


def check(rule: Rule, case: Case) -> Answer:
    """Holds where a flow that one of the rules allows worked; fails where all that were tried were stopped."""
    ids = [found.id for found in case.selected(rule)]
    worked = case.allowed(ids, Verdict.EXPECTED)
    tried = case.allowed(ids, Verdict.UNDETERMINED)
    blocks = case.blocks(ids)
    flows = case.seen.flows
    if len(worked):
        whom = listed(dict.fromkeys(flows.server_name[row] or flows.resp_h[row] for row in worked.tolist()))
        lost = sorted(
            {flows.server_name[row] or flows.resp_h[row] for row in united([tried, stopped(blocks)]).tolist()}
        )
        more = f"; in vain to {listed(lost)}" if lost else ""
        return Answer(Outcome.HOLDS, f"{count(len(worked), 'flow')} got through, to {whom}{more}", worked)
    if blocks:
        return all_stopped(blocks)
    if len(tried):
        why = listed(case.reasons(ids))
        return Answer(
            Outcome.NOT_OBSERVED,
            f"{count(len(tried), 'flow')} tried, none got through: {why}; {capture(case, tried)}",
            tried,
        )
    return Answer(Outcome.NOT_OBSERVED, "no such flow is in the capture")


def all_stopped(blocks: list[Block]) -> Answer:
    """The answer where nothing got through and something stopped it."""
    rows = stopped(blocks)
    ways = listed(block.told for block in blocks)
    return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')} stopped, none got through: {ways}", rows)
