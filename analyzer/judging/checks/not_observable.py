"""What no capture shows, and what would."""

from __future__ import annotations

from analyzer.findings import Outcome
from analyzer.judging.case import Answer, Case
from analyzer.rulepack import Rule

KIND = "not-observable"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Not observable, with the rule's own reason."""
    del case
    return Answer(Outcome.NOT_OBSERVABLE, f"{rule.because}; what would tell: {rule.options['tells']}")
