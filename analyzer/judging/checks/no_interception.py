"""TLS is end to end between a host and whom it names."""

from __future__ import annotations

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, common, count
from analyzer.rulepack import Rule

KIND = "no-interception"
OUTSIDE = (
    "what would tell: a second capture at the same time, on the far side of the firewall or proxy:"
    " dumpcap -i IFACE -s 0 -w outside.pcapng"
)
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Not observable from one capture where no flow shows a sign: TLS 1.3 hides what would."""
    rows = case.of(case.actors(rule))
    if rule.options.get("rules"):
        named = [found.id for found in case.selected(rule, "rules")]
        rows = common(case, rows, case.allowed(named, Verdict.EXPECTED, Verdict.UNDETERMINED))
    rows = common(case, rows, case.seen.tls.flow)
    if not len(rows):
        return Answer(Outcome.NOT_OBSERVED, "no such TLS flow is in the capture")
    because = f"{count(len(rows), 'TLS flow')}, none shows a sign, and what would show one is encrypted; {OUTSIDE}"
    return Answer(Outcome.NOT_OBSERVABLE, because, rows)
