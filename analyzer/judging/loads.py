"""Who loads the uplink with what: uploads of each collector against its machines' budgets, and browsers' downloads."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from analyzer.findings import Budget, Outcome, Purpose, Rate, Verdict
from analyzer.judging import rates
from analyzer.judging.case import Case, Rows, common, lasting, listed
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


def machines_role(case: Case) -> str:
    """The role of machines: the one that the pack wants to talk to one peer only."""
    return next((rule.who[0] for rule in case.book.rules if rule.kind == "isolated-machines"), "")


def machines_of(case: Case, edge: Actor) -> tuple[tuple[Actor, ...], str]:
    """The machines of a collector: those that it spoke with, else, with one collector, all that the site file names."""
    pack = case.book.pack.name
    known = tuple(actor for actor in case.cast.playing(pack, (machines_role(case),)) if not actor.shared)
    mine = case.touching([edge])
    polled = tuple(machine for machine in known if len(common(case, mine, case.touching([machine]))))
    if polled:
        return polled, "with which it spoke"
    edges = [actor for actor in case.cast.playing(pack, edge.roles(pack)) if not actor.shared]
    return (known, "of the site file") if known and len(edges) == 1 else ((), "")


def speaking(case: Case, edge: Actor, rule: Rule) -> tuple[Rows, frozenset[str]]:
    """A collector's flows to the cloud, and its addresses in them.

    Outside the site's NAT a site's one collector is told by the destinations that the document allows to nobody else.
    """
    mine = common(case, cloud(case, case.book.rules), case.of([edge]))
    pack = case.book.pack.name
    edges = [actor for actor in case.cast.playing(pack, rule.who) if not actor.shared]
    shared = [actor for actor in case.actors(rule) if actor.shared and actor.basis == "site-file"]
    if len(mine) or len(edges) != 1 or not shared:
        return mine, frozenset(edge.addresses)
    own = tuple(kept for kept in case.book.rules if kept.who == rule.who)
    rows = common(case, cloud(case, own), case.of(shared))
    return rows, frozenset(address for actor in shared for address in actor.addresses)


def uploads(case: Case, rules: tuple[Rule, ...]) -> list[Load]:
    """The upload of each host that budgets speak of; rules are those of kind budget, direction up."""
    return [_upload(case, edge, rules) for edge in case.singles(rules[0])]


def _upload(case: Case, edge: Actor, rules: tuple[Rule, ...]) -> Load:
    """One collector's upload against the sum of its machines' budgets."""
    per_class = {str(rule.options.get("machine_class") or ""): _bps(rule) for rule in rules}
    usual = min(per_class.values())
    machines, how = machines_of(case, edge)
    rows, addresses = speaking(case, edge, rules[0])
    counts = Counter(machine.machine_class or "unknown" for machine in machines)
    budget = sum(per_class.get(machine.machine_class, usual) for machine in machines)
    measured = rates.rate(case, rates.sent(case, rows, addresses, up=True), _window_s(rules))
    tolerance = case.cast.site.tolerance
    outcome, because = _judged(case, measured, budget, tolerance, rows)
    if machines:
        kinds = " and ".join(f"{number} {name}" for name, number in sorted(counts.items()))
        plural = "machine" if len(machines) == 1 else "machines"
        because += f"; {kinds} {plural} {how}{', unknown counts as standard' if 'unknown' in counts else ''}"
    elif len(rows):
        because = f"{_figure(case, measured)}; no machine of this host is known, so its budget is not"
        outcome = Outcome.NOT_OBSERVABLE
    role, held = edge.roles(case.book.pack.name)[0], tuple(sorted(counts.items()))
    return Load(Budget(edge.name, role, "", "", budget, tolerance, measured, outcome, held), because)


def _bps(rule: Rule) -> float:
    """The rate that a budget grants, in bit/s."""
    return float(str(rule.options["bps"]))


def _window_s(rules: tuple[Rule, ...]) -> float:
    """The length in s over which budgets mean their rates."""
    return max(float(str(rule.options.get("window_s", 300.0))) for rule in rules)


def _judged(case: Case, measured: Rate, budget: float, tolerance: float, rows: Rows) -> tuple[Outcome, str]:
    """Is a rate within its budget, tolerance included? Both the mean and the 95th percentile of the windows must be."""
    limit, highest = budget * (1 + tolerance), max(measured.mean_bps, measured.p95_bps)
    figure = f"{_figure(case, measured)} against {budget / 1000:g} kbps"
    if not len(rows):
        return Outcome.NOT_OBSERVED, "no flow to a documented destination is in the capture"
    if case.duration_s < rates.LEAST_S:
        return Outcome.NOT_OBSERVABLE, f"{figure}, but {lasting(case.duration_s)} are too short to tell"
    twice = rates.sent_again(case, rows)
    if highest > limit >= highest * (1 - twice):
        return (
            Outcome.NOT_OBSERVABLE,
            f"{figure}, but {twice:.0%} of the payload is there more than once (mirrored, or sent again)",
        )
    if highest > limit:
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
    totals = {load.budget.host: load.budget.rate for load in upload}
    return [load for edge in case.singles(rules[0]) for load in _machines_of_one(case, edge, rules, totals[edge.name])]


def _machines_of_one(case: Case, edge: Actor, rules: tuple[Rule, ...], total: Rate) -> list[Load]:
    """The machines of one collector, whose upload is shared out in proportion to what it collected from each."""
    per_class = {str(rule.options.get("machine_class") or ""): _bps(rule) for rule in rules}
    machines, _ = machines_of(case, edge)
    mine = case.touching([edge])
    talks = {machine.name: common(case, mine, case.touching([machine])) for machine in machines}
    collected = {
        machine.name: rates.total(case, rates.sent(case, talks[machine.name], frozenset(machine.addresses), up=True))
        for machine in machines
    }
    whole = sum(collected.values())
    made = []
    for machine in machines:
        budget = per_class.get(machine.machine_class, min(per_class.values()))
        measured = rates.rate(case, rates.both(talks[machine.name]), _window_s(rules))
        estimate = _scaled(total, collected[machine.name] / whole) if whole else None
        held = Budget(
            machine.name, machines_role(case), machine.machine_class or "unknown", machine.protocol, budget,
            case.cast.site.tolerance, measured, Outcome.NOT_OBSERVABLE, (), estimate,
        )  # fmt: skip
        made.append(Load(held, "a share of encrypted traffic is an estimate, in proportion to what was collected"))
    return made


def _scaled(whole: Rate, share: float) -> Rate:
    """A share of a rate."""
    mean, p50, p95, p99, peak = (
        value * share for value in (whole.mean_bps, whole.p50_bps, whole.p95_bps, whole.p99_bps, whole.peak_bps)
    )
    return Rate(mean, p50, p95, p99, peak, whole.window_s)


def downloads(case: Case, rules: tuple[Rule, ...]) -> list[Load]:
    """What each browser's host received of the purpose that the budgets name, against so much for each machine."""
    served = [rule.id for rule in case.book.of("destination") if rule.purpose == rules[0].purpose]
    flows = case.allowed(served, *USED)
    pack = case.book.pack.name
    machines = sum(not actor.shared for actor in case.cast.playing(pack, (machines_role(case),)))
    made = []
    for browser in case.singles(rules[0]):
        rows = common(case, flows, case.of([browser]))
        if not len(rows):
            continue
        measured = rates.rate(case, rates.sent(case, rows, frozenset(browser.addresses), up=False), _window_s(rules))
        low, high = (machines * pick(_bps(rule) for rule in rules) for pick in (min, max))
        outcome, because = _judged(case, measured, high, case.cast.site.tolerance, rows)
        told = f"{because} ({machines} machines; which view was open is not seen)"
        if not machines:
            outcome, told = Outcome.NOT_OBSERVABLE, f"{_figure(case, measured)}; no machine is known"
        role = browser.roles(pack)[0]
        held = Budget(
            browser.name, role, "", "", low, case.cast.site.tolerance, measured, outcome, (("machines", machines),)
        )
        made.append(Load(held, told))
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
