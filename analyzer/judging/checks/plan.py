"""A planning example of the document, whose figures must follow from its own budgets."""

from __future__ import annotations

import math

from analyzer.findings import Outcome
from analyzer.judging.case import Answer, Case
from analyzer.rulepack import Rule

KIND = "plan"
LAST = 0


def figures(rule: Rule, case: Case) -> tuple[float, float]:
    """The lower and the upper rate in bit/s that the document's budgets give for the example's machines."""
    rates = [float(str(budget.options["bps"])) for budget in case.selected(rule, "budgets")]
    machines = int(str(rule.options["machines"]))
    return (machines * min(rates), machines * max(rates)) if rates else (0.0, 0.0)


def check(rule: Rule, case: Case) -> Answer:
    """Holds where the budgets give exactly the example's figures."""
    low, high = figures(rule, case)
    told = float(str(rule.options["low_bps"])), float(str(rule.options["high_bps"]))
    because = (
        f"{rule.options['machines']} machines at the document's budgets need {low / 1000:g} to {high / 1000:g} kbps"
    )
    same = math.isclose(low, told[0]) and math.isclose(high, told[1])
    if same:
        return Answer(Outcome.HOLDS, because)
    return Answer(Outcome.FAILS, f"{because}; the example says {told[0] / 1000:g} to {told[1] / 1000:g}")
