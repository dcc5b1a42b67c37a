"""Pictures of a live capture that are made up: healthy, of a large plant, hostile, empty."""

from __future__ import annotations

from dataclasses import replace

from analyzer.findings import Budget, Outcome, Rate, Severity
from analyzer.result import Result
from analyzer.watching.picture import Picture, Seen
from tests.builders.plant import FINDING, RULES, START_NS, conclusions, observations

S = 1_000_000_000
EVIL = "\x1b]0;owned\x07\x1b[2J\u202egpj.exe\u2066\n\r\x9b31m"


def seen(title=FINDING.title, at_s=0, *, gone=False, **given):
    """A finding that was first seen so many seconds after the start."""
    first = START_NS + at_s * S
    return Seen(replace(FINDING, title=title, **given), first, first + 5 * S, gone)


def budget(host, bps, granted, role="machine", outcome=Outcome.HOLDS):
    """A host's rate against its budget."""
    rate = Rate(bps, bps, bps * 1.2, bps * 1.3, bps * 1.5, 300.0)
    return Budget(host, role, "standard", "modbus", granted, granted, 0.25, rate, outcome)


def judged(**outcomes):
    """A result whose rules have these outcomes, by their ids with underscores; else those of the made-up plant."""
    named = {name.replace("_", "-"): outcome for name, outcome in outcomes.items()}
    rules = tuple(replace(rule, outcome=named.get(rule.rule, rule.outcome)) for rule in RULES)
    return with_rules(rules)


def with_rules(rules, budgets=None):
    """A result with these rules and budgets."""
    given = {} if budgets is None else {"budgets": tuple(budgets)}
    return Result(observations(), conclusions(rules=rules, **given))


def picture(at_s=60, **given):
    """One picture, so many seconds after the start."""
    made = Picture(
        interface="eth0",
        feed="ring",
        now_ns=START_NS + at_s * S,
        since_ns=START_NS,
        frames=at_s * 12_345,
        octets=at_s * 4_210_000,
        dropped=0,
        frames_s=12_345.0,
        bps=33_680_000.0,
        up_bps=1_200_000.0,
        down_bps=3_400_000.0,
        uplink_bps=10_000_000.0,
        open_flows=812,
        held_flows=20_412,
        left_flows=1_204_113,
        shed_flows=0,
        judged_s=0.42,
        result=judged(),
        findings=(seen(at_s=30),),
        notes=("The variant of machinemetrics was inferred from the names seen.",),
    )
    return replace(made, **given)


def many():
    """What a large plant shows: many rules, findings of each severity, many machines."""
    words = "an Edge that asks for names at a resolver which the document does not name and nobody answers"
    findings = tuple(
        seen(f"edge-{n}: {words}", at_s=100 - n, severity=severity, host=f"edge-{n}")
        for n, severity in enumerate([*Severity] * 6)
    )
    budgets = [budget("edge-1", 10_400.0, 9_000.0, "edge", Outcome.FAILS)]
    budgets += [budget(f"machine-{n}", 40.0 * n, 1_000.0) for n in range(30)]
    notes = ("the kernel gave no hardware timestamps", "standard input ended")
    more = tuple(replace(rule, rule=f"sk-{rule.rule[3:]}", pack="skala") for rule in RULES)
    return picture(100, result=with_rules((*RULES, *more), budgets), findings=findings, notes=notes)


def hostile():
    """A picture whose every text is an attack on a terminal."""
    rules = tuple(replace(rule, title=EVIL, because=EVIL, rule=f"{EVIL}{n}") for n, rule in enumerate(RULES))
    found = seen(EVIL, host=EVIL, remedy=EVIL, filter=EVIL, rivals=(EVIL,), code=EVIL)
    made = with_rules(rules, [budget(EVIL, 1.0, 2.0)])
    return picture(result=made, findings=(found,), notes=(EVIL,), interface=EVIL, feed=EVIL)


def empty():
    """Before the first frame."""
    nothing = dict.fromkeys(("frames", "octets", "open_flows", "held_flows", "left_flows", "now_ns", "since_ns"), 0)
    rates = dict.fromkeys(("frames_s", "bps", "up_bps", "down_bps", "uplink_bps", "judged_s"), 0.0)
    return picture(**nothing, **rates, dropped=None, result=None, findings=(), notes=())
