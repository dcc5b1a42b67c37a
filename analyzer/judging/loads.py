"""Who loads the uplink with what: uploads of each collector against its machines' budgets, and browsers' downloads."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from analyzer.findings import Budget, Outcome, Purpose, Rate, Verdict
from analyzer.judging import rates
from analyzer.judging.case import Case, Rows, lasting, listed
from analyzer.judging.place import Actor
from analyzer.rulepack import Rule

USED = (Verdict.EXPECTED, Verdict.UNDETERMINED)


class Load(NamedTuple):
    """A budget with the reason for its outcome."""

    budget: Budget
    because: str


def cloud(case: Case, rules: tuple[Rule, ...]) -> Rows:
    """Flows to whom the document names by name or address: what leaves the site, through a proxy as well."""
    named = [
        rule.id
        for rule in rules
        if rule.kind == "destination"
        and not rule.to.role
        and (rule.to.names or any("/" not in text for text in rule.to.addresses))
    ]
    return case.allowed(named, *USED)


def machines_of(case: Case, edge: Actor, role: str) -> tuple[tuple[Actor, ...], str]:
    """The machines of a collector: those that it spoke with, else, with one collector, all that are known."""
    flows = case.seen.flows
    known = case.cast.playing(case.book.pack.name, (role,))
    mine = case.of([edge])
    met = {address for row in mine.tolist() for address in (flows.orig_h[row], flows.resp_h[row])}
    polled = tuple(machine for machine in known if met & set(machine.addresses))
    if polled:
        return polled, "with which it spoke"
    edges = [
        actor for actor in case.cast.playing(case.book.pack.name, edge.roles(case.book.pack.name)) if not actor.shared
    ]
    if known and len(edges) == 1:
        return known, "of the site file"
    return (), ""


def uploads(case: Case, rules: tuple[Rule, ...]) -> list[Load]:
    """The upload of each host that budgets speak of; rules are those of kind budget, direction up."""
    per_class = {str(rule.options.get("machine_class") or ""): float(str(rule.options["bps"])) for rule in rules}
    window_s = max(float(str(rule.options.get("window_s", 300.0))) for rule in rules)
    role = next((kept.who[0] for kept in case.book.rules if kept.kind == "isolated-machines"), "")
    flows = cloud(case, case.book.rules)
    return [
        _upload(case, edge, machines_of(case, edge, role), per_class, window_s, np.intersect1d(flows, case.of([edge])))
        for edge in case.actors(rules[0])
        if not edge.shared
    ]


def _upload(
    case: Case, edge: Actor, polled: tuple[tuple[Actor, ...], str], per_class: dict[str, float], window_s: float, rows: Rows
) -> Load:  # fmt: skip
    """One collector's upload against the sum of its machines' budgets."""
    machines, how = polled
    usual = min(per_class.values())
    counts = Counter(machine.machine_class or "unknown" for machine in machines)
    budget = sum(per_class.get(machine.machine_class, usual) for machine in machines)
    measured = rates.rate(case, rates.sent(case, rows, frozenset(edge.addresses), up=True), window_s)
    tolerance = case.cast.site.tolerance
    outcome, because = _judged(case, measured, budget, tolerance, bool(len(rows)))
    kinds = " and ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    told = f"{kinds} machines {how} (unknown counts as standard)" if "unknown" in counts else f"{kinds} machines {how}"
    because = (
        f"{because}; {told}"
        if machines
        else f"{_figure(case, measured)}; no machine of this host is known, so its budget is not"
    )
    return Load(
        Budget(
            edge.name, edge.roles(case.book.pack.name)[0], "", "", budget, tolerance, measured,
            outcome if machines else Outcome.NOT_OBSERVABLE, tuple(sorted(counts.items())),
        ),
        because,
    )  # fmt: skip


def _judged(case: Case, measured: Rate, budget: float, tolerance: float, seen: bool) -> tuple[Outcome, str]:
    """Is a rate within its budget, tolerance included? Both the mean and the 95th percentile of the windows must be."""
    limit = budget * (1 + tolerance)
    figure = f"{_figure(case, measured)} against {budget / 1000:g} kbps"
    if not seen:
        return Outcome.NOT_OBSERVED, "no flow to a documented destination is in the capture"
    if case.duration_s < rates.LEAST_S:
        return Outcome.NOT_OBSERVABLE, f"{figure}, but {lasting(case.duration_s)} are too short to tell"
    if max(measured.mean_bps, measured.p95_bps) > limit:
        return Outcome.FAILS, f"{figure} and {tolerance:.0%} of tolerance"
    return Outcome.HOLDS, figure


def _figure(case: Case, measured: Rate) -> str:
    """A rate in words, with the time that it is a mean over."""
    over = (
        "the whole capture"
        if measured.window_s >= case.duration_s
        else f"{lasting(measured.window_s)} (95th percentile {measured.p95_bps / 1000:.3g})"
    )
    return f"{measured.mean_bps / 1000:.3g} kbps at IP length over {over} of {lasting(case.duration_s)}"


def machine_sides(case: Case, rules: tuple[Rule, ...], upload: list[Load]) -> list[Load]:
    """Each machine's own rate on the machine side, and its share of the upload as an estimate."""
    per_class = {str(rule.options.get("machine_class") or ""): float(str(rule.options["bps"])) for rule in rules}
    window_s = max(float(str(rule.options.get("window_s", 300.0))) for rule in rules)
    role = next((kept.who[0] for kept in case.book.rules if kept.kind == "isolated-machines"), "")
    made = []
    flows = case.seen.flows
    for edge in case.actors(rules[0]):
        machines, _ = machines_of(case, edge, role)
        mine = case.of([edge])
        talks = {
            m.name: mine[np.isin(flows.resp_h[mine], m.addresses) | np.isin(flows.orig_h[mine], m.addresses)]
            for m in machines
        }
        collected = {
            m.name: rates.total(case, rates.sent(case, talks[m.name], frozenset(m.addresses), up=True))
            for m in machines
        }
        whole = sum(collected.values())
        total = next((load.budget.rate for load in upload if load.budget.host == edge.name), None)
        for machine in machines:
            share = collected[machine.name] / whole if whole else 0.0
            estimate = _scaled(total, share) if total and whole else None
            budget = per_class.get(machine.machine_class, min(per_class.values()))
            made.append(
                Load(
                    Budget(
                        machine.name, role, machine.machine_class or "unknown", machine.protocol, budget, case.cast.site.tolerance,
                        rates.rate(case, rates.both(talks[machine.name]), window_s), Outcome.NOT_OBSERVABLE, (), estimate,
                    ),
                    "a share of encrypted traffic is an estimate, in proportion to what was collected",
                )
            )  # fmt: skip
    return made


def _scaled(whole: Rate, share: float) -> Rate:
    """A share of a rate."""
    return Rate(
        *(value * share for value in (whole.mean_bps, whole.p50_bps, whole.p95_bps, whole.p99_bps, whole.peak_bps)),
        whole.window_s,
    )


def downloads(case: Case, rules: tuple[Rule, ...]) -> list[Load]:
    """What each browser's host received of the purpose that the budgets name, against so much for each machine."""
    window_s = max(float(str(rule.options.get("window_s", 300.0))) for rule in rules)
    served = [rule.id for rule in case.book.rules if rule.kind == "destination" and rule.purpose == rules[0].purpose]
    flows = case.allowed(served, *USED)
    role = next((kept.who[0] for kept in case.book.rules if kept.kind == "isolated-machines"), "")
    machines = len(case.cast.playing(case.book.pack.name, (role,))) if role else 0
    made = []
    for browser in case.actors(rules[0]):
        rows = np.intersect1d(flows, case.of([browser]))
        if browser.shared or not len(rows):
            continue
        measured = rates.rate(case, rates.sent(case, rows, frozenset(browser.addresses), up=False), window_s)
        low, high = (machines * float(str(rules[at].options["bps"])) for at in (0, -1))
        outcome, because = _judged(case, measured, high, case.cast.site.tolerance, seen=True)
        told = (
            f"{because} ({machines} machines; which view was open is not seen)"
            if machines
            else f"{_figure(case, measured)}; no machine is known"
        )
        made.append(
            Load(
                Budget(
                    browser.name, "browser", "", "", low, case.cast.site.tolerance, measured,
                    outcome if machines else Outcome.NOT_OBSERVABLE, (("machines", machines),),
                ),
                told,
            )
        )  # fmt: skip
    return made


def purposes(case: Case) -> list[Purpose]:
    """Octets and flows by what they serve, over the flows that a rule with a purpose allows."""
    found: dict[str, list[int]] = {}
    by_ruling = [
        (at, ruling.allowed[0].purpose) for at, ruling in case.rulings() if ruling.allowed and ruling.allowed[0].purpose
    ]
    for at, purpose in by_ruling:
        found.setdefault(purpose, []).append(at)
    made = []
    for purpose, chosen in sorted(found.items()):
        up = down = number = 0
        for at in chosen:
            rows, actor = case.docket.flows([at]), case.docket.rulings[at].actor
            mine = frozenset(actor.addresses) if actor else frozenset()
            up += rates.total(case, rates.sent(case, rows, mine, up=True))
            down += rates.total(case, rates.sent(case, rows, mine, up=False))
            number += len(rows)
        made.append(Purpose(purpose, up, down, number))
    return made


def fold(loads: list[Load]) -> tuple[Outcome, str]:
    """The worst outcome of loads, and why."""
    order = (Outcome.FAILS, Outcome.NOT_OBSERVABLE, Outcome.NOT_OBSERVED, Outcome.HOLDS)
    if not loads:
        return Outcome.NOT_OBSERVED, "no such host is in the capture"
    worst = min(loads, key=lambda load: order.index(load.budget.outcome))
    return worst.budget.outcome, listed(f"{load.budget.host}: {load.because}" for load in loads)
