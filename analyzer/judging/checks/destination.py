"""A destination that the document names: reached, reached wrongly, stopped, tried in vain, or not seen."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, Rows, count, listed, octets, stopped, united
from analyzer.judging.remedies import capture
from analyzer.judging.reports import report
from analyzer.judging.ruling import Block
from analyzer.rulepack import Rule

KIND = "destination"
ANY_SERVER = frozenset({"dns", "udp"})
"""Stages of services of which any server will do."""

LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Holds where a flow that the rule allows worked; fails where one broke it, or all were stopped; else not observed.

    What is stopped at one of several ways to the same thing fails nothing as long as another way works.
    """
    breaches = case.breaches(rule)
    if breaches:
        rows = case.docket.flows([at for at, _ in breaches])
        whom = listed(f"{ruling.whom} ({ruling.why})" for _, ruling in breaches)
        return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')}: {whom}", rows, report(case, rule), breached=True)
    worked = case.allowed([rule.id], Verdict.EXPECTED)
    tried = case.allowed([rule.id], Verdict.UNDETERMINED)
    blocks = case.blocks([rule.id])
    if blocks:
        return _stopped(rule, case, blocks, worked)
    if len(worked):
        hosts = listed(sorted({case.seen.flows.resp_h[row] for row in worked.tolist()}))
        more = f"; {len(tried)} more did not work ({listed(case.reasons([rule.id]))})" if len(tried) else ""
        because = f"{count(len(worked), 'flow')} to {hosts}, {octets(case, worked)} octets{more}"
        return Answer(Outcome.HOLDS, because, worked)
    if len(tried):
        why = listed(case.reasons([rule.id]))
        because = f"{count(len(tried), 'flow')} tried, none worked: {why}; {capture(case, tried)}"
        return Answer(Outcome.NOT_OBSERVED, because, tried)
    return Answer(Outcome.NOT_OBSERVED, f"no such flow in {_scope(rule, case)}")


def _stopped(rule: Rule, case: Case, blocks: list[Block], worked: Rows) -> Answer:
    """The answer where something stops flows: whether others get through, now or on another way."""
    rows = stopped(blocks)
    ways = listed(block.told for block in blocks)
    told = f"{count(len(rows), 'flow')} stopped: {ways}"
    reached = {case.seen.flows.server_name[row] for row in worked.tolist()} - {""}
    shut = [block for block in blocks if not block.since and not _through(case, block, reached)]
    served = len(worked) > 0 and all(block.stage in ANY_SERVER for block in shut)
    if served or not shut:
        return Answer(Outcome.HOLDS, f"{count(len(worked), 'flow')} got through; {told}", united([worked, rows]))
    ids = [found.id for found in case.book.pack.select(rule.alternatives) if found.id != rule.id]
    instead = case.allowed(ids, Verdict.EXPECTED)
    if len(instead):
        by = listed(dict.fromkeys(case.seen.flows.resp_h[row] for row in instead.tolist()))
        return Answer(Outcome.NOT_OBSERVED, f"{told}; what it serves works another way, through {by}", rows)
    if not rule.required:
        return Answer(Outcome.NOT_OBSERVED, f"{told}; the document does not require it", rows)
    return Answer(Outcome.FAILS, told, rows)


def _through(case: Case, block: Block, reached: set[str]) -> bool:
    """Whether the same name was reached at another address, or by what another resolver said."""
    flows = case.seen.flows
    names = {seen.about for seen in block.evidence} | {flows.server_name[flow] for flow in block.flows}
    return not reached.isdisjoint(names)


def _scope(rule: Rule, case: Case) -> str:
    """Whose flows were looked at."""
    actors = case.actors(rule)
    if not actors:
        return f"the capture: no host in the role {' or '.join(rule.who)} was seen"
    return f"the {count(len(case.of(actors)), 'flow')} of {listed(actor.name for actor in actors)}"
