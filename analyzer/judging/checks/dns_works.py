"""A host gets answers to its questions, from the documented resolver or from the one it falls back to."""

from __future__ import annotations

from analyzer.findings import Finding, Outcome, Severity, Strength, Verdict
from analyzer.judging.case import Answer, Case, Rows, count, listed
from analyzer.judging.place import Actor
from analyzer.judging.reports import Claim, finding, rows_of
from analyzer.judging.traffic import Trouble
from analyzer.rulepack import Rule

KIND = "dns-works"
CODE = "documented-resolver-silent"
LAST = 1


def check(rule: Rule, case: Case) -> Answer:
    """Holds where questions were answered; not observed where none was, or none was asked."""
    rules = case.selected(rule)
    ids = [found.id for found in rules]
    worked = case.allowed(ids, Verdict.EXPECTED)
    tried = case.allowed(ids, Verdict.UNDETERMINED)
    findings = tuple(found for actor in case.singles(rule) for found in _silent(case, actor, rules, worked))
    if len(worked):
        servers = listed(sorted({case.seen.flows.resp_h[row] for row in worked.tolist()}))
        more = f"; {count(len(tried), 'flow')} without an answer" if len(tried) else ""
        return Answer(Outcome.HOLDS, f"{count(len(worked), 'flow')} answered by {servers}{more}", worked, findings)
    if len(tried):
        return Answer(
            Outcome.NOT_OBSERVED,
            f"{count(len(tried), 'flow')} asked, none answered: {listed(case.reasons(ids))}",
            tried,
        )
    return Answer(Outcome.NOT_OBSERVED, "no question of such a host is in the capture")


def _silent(case: Case, actor: Actor, rules: tuple[Rule, ...], worked: Rows) -> list[Finding]:
    """The documented resolvers that left this host without an answer to repeated questions, while another answered."""
    flows = case.seen.flows
    answered = {flows.resp_h[row] for row in worked.tolist() if flows.orig_h[row] in actor.addresses}
    required = [found for found in rules if found.required]
    if not answered or len(required) == len(rules):
        return []
    made = []
    for found in required:
        tried = case.allowed([found.id], Verdict.UNDETERMINED)
        rows = rows_of(row for row in tried.tolist() if flows.orig_h[row] in actor.addresses and _unanswered(case, row))
        servers, asked = {*flows.resp_h[rows]}, int(flows.orig_packets[rows].sum())
        if asked > 1 and not servers & answered:
            whom, other = " and ".join(sorted(servers)), listed(sorted(answered))
            title = f"{actor.name} got no answer from {whom} and fell back to {other}"
            claim = Claim(CODE, title, f"{asked} queries, no answer", actor.name, Severity.LOW)
            made.append(
                finding(case, found, claim._replace(strength=Strength.SUGGESTIVE, verdict=Verdict.UNDETERMINED), rows)
            )
    return made


def _unanswered(case: Case, row: int) -> bool:
    """Whether a flow stayed without answer although answers would be in the capture."""
    why: str = case.docket.rulings[case.docket.which[row]].why
    return why == str(Trouble.NO_ANSWER)
