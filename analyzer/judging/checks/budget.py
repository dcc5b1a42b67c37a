"""A host keeps the rate that the document grants it."""

from __future__ import annotations

from analyzer.findings import Finding, Outcome
from analyzer.judging.case import Answer, Case
from analyzer.judging.loads import NAMELESS, Load, cloud, counted, downloads, fold, speaking, uploads
from analyzer.judging.place import Actor
from analyzer.judging.rates import LEAST_S
from analyzer.judging.reports import Claim, finding
from analyzer.rulepack import Rule

KIND = "budget"
CODE = "rate-over-budget"
WHOLE = "what would tell: whole frames, from before they begin: dumpcap -i IFACE -s 0 -a duration:3600 -w whole.pcapng"
LONGER = "what would tell: five minutes or more: dumpcap -i IFACE -a duration:600 -w longer.pcapng"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails where a host's rate is above the sum of what is granted; too short a capture tells nothing."""
    same = tuple(kept for kept in case.book.of(KIND) if kept.options["direction"] == rule.options["direction"])
    up = rule.options["direction"] == "up"
    loads = uploads(case, same) if up else downloads(case, same)
    mine = [load for load in loads if _concerns(rule, load)]
    if loads and not mine:
        return Answer(Outcome.NOT_OBSERVED, f"no {rule.options['machine_class']} machine is known")
    outcome, because = fold(mine)
    if outcome is Outcome.NOT_OBSERVABLE and any(load.budget.rate.window_s < LEAST_S for load in mine):
        because = f"{because}; {LONGER}"
    if outcome is Outcome.NOT_OBSERVABLE and NAMELESS in because:
        because = f"{because}; {WHOLE}"
    first = next((kept for kept in same if any(_concerns(kept, load) for load in mine)), rule)
    hosts = {actor.name: actor for actor in reversed(case.singles(rule))}
    findings = tuple(
        _finding(rule, case, load, hosts[load.budget.host])
        for load in mine
        if load.budget.outcome is Outcome.FAILS and first.id == rule.id
    )
    return Answer(outcome, because, cloud(case, case.book.rules, counted(rule)), findings)


def _concerns(rule: Rule, load: Load) -> bool:
    """Whether a budget counts machines of the rule's class, or of none."""
    wanted = rule.options.get("machine_class") or ""
    counted = {name for name, _ in load.budget.machines}
    return not wanted or not counted or wanted in counted or (wanted == "standard" and "unknown" in counted)


def _finding(rule: Rule, case: Case, load: Load, actor: Actor) -> Finding:
    """The finding on a rate that is too high."""
    rate, limit = load.budget.rate.mean_bps / 1000, load.budget.high_bps / 1000
    rows, _ = speaking(case, actor, rule)
    title = f"{actor.name}: {rate:.3g} kbps against a budget of {limit:g} kbps"
    return finding(case, rule, Claim(CODE, title, load.because, actor.name, rule.severity), rows)
