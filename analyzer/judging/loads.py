"""Who loads the uplink with what: uploads of each collector against its machines' budgets, and browsers' downloads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analyzer.findings import Budget, Grant, Outcome, Purpose, Rate, Verdict
from analyzer.judging import rates
from analyzer.judging.case import Case, Rows, common, count, lasting, listed, united
from analyzer.judging.matching import PROTOCOLS
from analyzer.judging.place import Actor
from analyzer.rulepack import Rule

USED = (Verdict.EXPECTED, Verdict.UNDETERMINED)
BURST_S = 10.0
NAMELESS = "without a name in the capture"


class Load(NamedTuple):
    """A budget with the reason for its outcome."""

    budget: Budget
    because: str


def cloud(case: Case, rules: tuple[Rule, ...], purposes: frozenset[str] = frozenset()) -> Rows:
    """Flows to whom the document names by name or address: what leaves the site, through a proxy as well.

    purposes  what they are to serve; where there is none, anything
    """
    return case.allowed([rule.id for rule in _destinations(rules, purposes)], *USED)


def _destinations(rules: Iterable[Rule], purposes: frozenset[str]) -> list[Rule]:
    """The rules that name destinations outside the site for some of these purposes, or for any where there is none."""
    return [
        rule
        for rule in rules
        if rule.kind == "destination"
        and not rule.to.role
        and (not purposes or rule.purpose in purposes)
        and (rule.to.names or any("/" not in text for text in rule.to.addresses))
    ]


class _Unnamed(NamedTuple):
    """How many flows may count as well, since their names are not in the capture, and the rate with them, in bit/s."""

    flows: int
    highest_bps: float


def _nameless(case: Case, wanted: Iterable[Rule]) -> Rows:
    """The flows that may serve what rules name, for all that is known.

    They had begun before the capture, or the snaplen cut off what would name them. Those at ports that the document has
    only for something else, as look-ups, do not count.
    """
    cut, flows = bool(case.seen.quality.snaplen_cut_frames), case.seen.flows
    ours, others = _ports(wanted), _ports(rule for rule in case.book.rules if rule.kind == "destination")
    open_ = [at for at, ruling in case.rulings if ruling.plain is Verdict.UNDETERMINED and not ruling.allowed]
    rows = case.docket.flows(open_)
    rows = rows[(flows.server_name[rows] == "") & (flows.midstream[rows] | cut)]
    return np.array([row for row in rows.tolist() if _may_count(case, row, ours, others - ours)], np.int64)


def _unnamed(case: Case, found: Rows, actors: Sequence[Actor], rows: Rows, *, up: bool) -> _Unnamed:
    """What nameless flows of hosts come to beside `rows`; where the snaplen cuts, nothing bounds what is missing."""
    if case.seen.quality.snaplen_cut_frames or not len(found):
        return _Unnamed(len(found), math.inf if len(found) else 0.0)
    addresses = frozenset(address for actor in actors for address in actor.addresses)
    window_s = _window_s(case.book.of("budget"))
    rate = rates.rate(case, rates.sent(case, united([rows, found]), addresses, up=up), window_s)
    return _Unnamed(len(found), max(rate.mean_bps, rate.p95_bps))


Port = tuple[str, int]


def _ports(rules: Iterable[Rule]) -> set[Port]:
    """The ports of rules, each with its protocol."""
    return {(port.proto, port.number) for rule in rules for port in rule.to.ports}


def _may_count(case: Case, row: int, ours: set[Port], others: set[Port]) -> bool:
    """Whether a flow is at a port of ours, or at least at none of the others; which end serves may not be known."""
    flows = case.seen.flows
    proto = PROTOCOLS.get(int(flows.proto[row]), "")
    ends = {(proto, int(flows.resp_p[row])), *([(proto, int(flows.orig_p[row]))] if flows.midstream[row] else [])}
    return bool(ends & ours) or not ends & others


def counted(budget: Rule) -> frozenset[str]:
    """The purposes that a budget counts: updates, remote access, names and time are apart."""
    return frozenset({budget.purpose, *budget.options.get("purposes", ())})


def granted(case: Case) -> list[Grant]:
    """What the pack's document grants."""
    return [
        Grant(
            case.book.pack.name, rule.id, str(rule.options["direction"]), str(rule.options.get("machine_class") or ""),
            str(rule.options.get("per") or ""), _bps(rule), _window_s((rule,)), tuple(sorted(counted(rule))),
        )
        for rule in case.book.of("budget")
    ]  # fmt: skip


def machines_role(case: Case) -> str:
    """The role of machines: the one that the pack wants to talk to one peer only."""
    return next((rule.who[0] for rule in case.book.rules if rule.kind == "isolated-machines"), "")


def machines_of(case: Case, edge: Actor) -> tuple[tuple[Actor, ...], str]:
    """The machines of a collector: those that it spoke with, else, with one collector, all that the site file names."""
    pack = case.book.pack.name
    role = (machines_role(case),)
    spoken = case.met(case.touching([edge]))
    polled = tuple(actor for actor in spoken if not actor.shared and actor.plays(pack, role))
    if polled:
        return polled, "with which it spoke"
    known, edges = case.cast.alone(pack, role), case.cast.alone(pack, edge.roles(pack))
    return (known, "of the site file") if known and len(edges) == 1 else ((), "")


def speaking(case: Case, edge: Actor, rule: Rule) -> tuple[Rows, frozenset[str]]:
    """A collector's flows to the cloud that its budget counts, and its addresses in them.

    Outside the site's NAT a site's one collector is told by the destinations that the document allows to nobody else.
    """
    mine = common(cloud(case, case.book.rules, counted(rule)), case.of([edge]))
    if len(mine) or len(case.singles(rule)) != 1:
        return mine, frozenset(edge.addresses)
    shared = [actor for actor in case.sharing(rule) if actor.basis == "site-file"]
    if not shared:
        return mine, frozenset(edge.addresses)
    own = tuple(kept for kept in case.book.rules if kept.who == rule.who)
    rows = common(cloud(case, own, counted(rule)), case.of(shared))
    return rows, frozenset(address for actor in shared for address in actor.addresses)


def uploads(case: Case, rules: tuple[Rule, ...]) -> list[Load]:
    """The upload of each host that budgets speak of; rules are those of kind budget, direction up."""
    ids = tuple(rule.id for rule in rules)
    if ids not in case.loads:
        nameless = _nameless(case, _destinations(case.book.rules, counted(rules[0])))
        beside = common(nameless, case.of(case.sharing(rules[0])))
        case.loads[ids] = [
            _upload(case, edge, rules, united([common(nameless, case.of([edge])), beside]))
            for edge in case.singles(rules[0])
        ]
    return case.loads[ids]


def _upload(case: Case, edge: Actor, rules: tuple[Rule, ...], nameless: Rows) -> Load:
    """One collector's upload against the sum of its machines' budgets; nameless flows may be its own as well."""
    per_class = _per_class(rules)
    machines, how = machines_of(case, edge)
    rows, addresses = speaking(case, edge, rules[0])
    counts = Counter(machine.machine_class or "unknown" for machine in machines)
    low, high = (sum(_granted(per_class, machine)[at] for machine in machines) for at in (0, 1))
    measured = _measured(case, rates.sent(case, rows, addresses, up=True), _window_s(rules))
    tolerance = case.cast.site.tolerance
    actors = [edge, *case.sharing(rules[0])]
    unnamed = _unnamed(case, nameless, actors, rows, up=True)
    outcome, because = _judged(case, measured, (low, high), rows, unnamed)
    if machines:
        kinds = " and ".join(f"{number} {name}" for name, number in sorted(counts.items()))
        because += f"; {kinds} {'machine' if len(machines) == 1 else 'machines'} {how}"
    elif len(rows):
        because = f"{_figure(case, measured)}; no machine of this host is known, so its budget is not"
        outcome = Outcome.NOT_OBSERVABLE
    role, held = edge.roles(case.book.pack.name)[0], tuple(sorted(counts.items()))
    budget = Budget(edge.name, role, "", "", low, high, tolerance, measured.rate, outcome, held)
    return Load(budget, because)


def _per_class(rules: tuple[Rule, ...]) -> dict[str, float]:
    """What each class of machines is granted, in bit/s."""
    return {str(rule.options.get("machine_class") or ""): _bps(rule) for rule in rules}


def _granted(per_class: dict[str, float], machine: Actor) -> tuple[float, float]:
    """What a machine is granted: the same twice, or, of a class that is not known, the least and the most."""
    if machine.machine_class in per_class:
        return per_class[machine.machine_class], per_class[machine.machine_class]
    return min(per_class.values()), max(per_class.values())


class _Measured(NamedTuple):
    """A rate, and the highest one within shorter windows, with their length in s (0 for none)."""

    rate: Rate
    burst_bps: float
    burst_s: float


def _measured(case: Case, what: rates.Sent, window_s: float) -> _Measured:
    """The rate over a budget's windows, and what it reaches for a moment."""
    burst = rates.peak(case, what, BURST_S) if case.duration_s > BURST_S else 0.0
    return _Measured(rates.rate(case, what, window_s), burst, BURST_S if burst else 0.0)


def _bps(rule: Rule) -> float:
    """The rate that a budget grants, in bit/s."""
    return float(str(rule.options["bps"]))


def _window_s(rules: tuple[Rule, ...]) -> float:
    """The length in s over which budgets mean their rates."""
    return max(float(str(rule.options.get("window_s", 300.0))) for rule in rules)


def _judged(
    case: Case, measured: _Measured, granted: tuple[float, float], rows: Rows, unnamed: _Unnamed
) -> tuple[Outcome, str]:
    """Is a rate within its budget, tolerance included? Both the mean and the 95th percentile of the windows must be.

    granted  the least and the most that it may be; in between, what is not known of the site decides
    unnamed  flows that may count as well: what fails without them fails, but only what is kept with them holds
    """
    rate, tolerance = measured.rate, case.cast.site.tolerance
    low, high = (bps * (1 + tolerance) for bps in granted)
    highest = max(rate.mean_bps, rate.p95_bps)
    budget = " to ".join(f"{bps / 1000:g}" for bps in dict.fromkeys(granted))
    figure = f"{_figure(case, measured)} against {budget} kbps"
    more = f"{count(unnamed.flows, 'flow')} {NAMELESS}"
    if not len(rows) and unnamed.flows:
        return Outcome.NOT_OBSERVABLE, f"{more} may count"
    if not len(rows):
        return Outcome.NOT_OBSERVED, "no flow to a documented destination is in the capture"
    if rate.window_s < rates.LEAST_S:
        return Outcome.NOT_OBSERVABLE, f"{figure}, but {lasting(rate.window_s)} are too short to tell"
    twice = rates.sent_again(case, rows)
    if highest > high >= highest * (1 - twice):
        return (
            Outcome.NOT_OBSERVABLE,
            f"{figure}, but {twice:.0%} of the payload is there more than once (mirrored, or sent again)",
        )
    if highest > high:
        return Outcome.FAILS, f"{figure} and {tolerance:.0%} of tolerance"
    if highest > low:
        return Outcome.NOT_OBSERVABLE, f"{figure}: which of them it is the capture does not tell, a site file can"
    if unnamed.highest_bps > low:
        return Outcome.NOT_OBSERVABLE, f"{figure}, but {more} may count as well"
    figure += f", {unnamed.highest_bps / 1000:.3g} at most with {more}" if unnamed.flows else ""
    return Outcome.HOLDS, f"{figure}{_bursts(measured, low)}"


def _bursts(measured: _Measured, limit_bps: float) -> str:
    """What a kept average hides: windows above the limit, of the budget's length or shorter."""
    rate = measured.rate
    if rate.peak_bps > limit_bps:
        return f"; a burst: in single windows of {lasting(rate.window_s)} up to {rate.peak_bps / 1000:.3g}"
    if measured.burst_bps > limit_bps:
        return f"; bursts of {measured.burst_s:g} s reach {measured.burst_bps / 1000:.3g}, the average is kept"
    return ""


def _figure(case: Case, measured: _Measured) -> str:
    """A rate in words, with the time that it is a mean over."""
    rate = measured.rate
    if rate.window_s < case.duration_s and rate.p95_bps != rate.mean_bps:
        over = f"{lasting(rate.window_s)} (95th percentile {rate.p95_bps / 1000:.3g})"
    elif rate.window_s < case.duration_s:
        over = f"the {lasting(rate.window_s)} since it began"
    else:
        over = "the whole capture"
    return f"{rate.mean_bps / 1000:.3g} kbps at IP length over {over} of {lasting(case.duration_s)}"


def machine_sides(case: Case, rules: tuple[Rule, ...], upload: list[Load]) -> list[Load]:
    """Each machine's own rate on the machine side, and its share of the upload as an estimate."""
    totals = {load.budget.host: load.budget.rate for load in upload}
    return [load for edge in case.singles(rules[0]) for load in _machines_of_one(case, edge, rules, totals[edge.name])]


def _machines_of_one(case: Case, edge: Actor, rules: tuple[Rule, ...], total: Rate) -> list[Load]:
    """The machines of one collector, whose upload is shared out in proportion to what it collected from each."""
    per_class = _per_class(rules)
    machines, _ = machines_of(case, edge)
    mine = case.touching([edge])
    talks = {machine.name: common(mine, case.touching([machine])) for machine in machines}
    collected = {
        machine.name: rates.total(case, rates.sent(case, talks[machine.name], frozenset(machine.addresses), up=True))
        for machine in machines
    }
    whole = sum(collected.values())
    made = []
    for machine in machines:
        low, high = _granted(per_class, machine)
        measured = rates.rate(case, rates.both(talks[machine.name]), _window_s(rules))
        estimate = _scaled(total, collected[machine.name] / whole) if whole else None
        held = Budget(
            machine.name, machines_role(case), machine.machine_class or "unknown", machine.protocol, low, high,
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
    ids = tuple(rule.id for rule in rules)
    if ids not in case.loads:
        case.loads[ids] = _downloads(case, rules)
    return case.loads[ids]


def _downloads(case: Case, rules: tuple[Rule, ...]) -> list[Load]:
    """The downloads of all browsers' hosts that have any."""
    served = [rule for rule in case.book.of("destination") if rule.purpose == rules[0].purpose]
    flows = case.allowed([rule.id for rule in served], *USED)
    pack = case.book.pack.name
    machines = len(case.cast.alone(pack, (machines_role(case),)))
    nameless, made = _nameless(case, served), []
    for browser in case.singles(rules[0]):
        mine = case.of([browser])
        rows = common(flows, mine)
        unnamed = _unnamed(case, common(nameless, mine), [browser], rows, up=False)
        if not len(rows) and not unnamed.flows:
            continue
        received = rates.sent(case, rows, frozenset(browser.addresses), up=False)
        measured = _measured(case, received, _window_s(rules))
        low, high = (machines * pick(_bps(rule) for rule in rules) for pick in (min, max))
        outcome, because = _judged(case, measured, (high, high), rows, unnamed)
        told = f"{because} ({machines} machines; which view was open is not seen)"
        if not machines:
            outcome, told = Outcome.NOT_OBSERVABLE, f"{_figure(case, measured)}; no machine is known"
        role = browser.roles(pack)[0]
        counts = (("machines", machines),)
        held = Budget(browser.name, role, "", "", low, high, case.cast.site.tolerance, measured.rate, outcome, counts)
        made.append(Load(held, told))
    return made


def purposes(case: Case) -> list[Purpose]:
    """Octets and flows by what they serve, over the flows that a rule with a purpose allows."""
    found: dict[str, list[int]] = {}
    by_ruling = [
        (at, ruling.allowed[0].purpose) for at, ruling in case.rulings if ruling.allowed and ruling.allowed[0].purpose
    ]
    for at, purpose in by_ruling:
        found.setdefault(purpose, []).append(at)
    made = []
    for purpose, chosen in sorted(found.items()):
        up, down = (rates.ruled(case, chosen, up=way) for way in (True, False))
        made.append(Purpose(purpose, rates.total(case, up), rates.total(case, down), len(up.rows)))
    return made


def fold(loads: list[Load]) -> tuple[Outcome, str]:
    """The worst outcome of loads, and why."""
    order = (Outcome.FAILS, Outcome.NOT_OBSERVABLE, Outcome.NOT_OBSERVED, Outcome.HOLDS)
    if not loads:
        return Outcome.NOT_OBSERVED, "no such host is in the capture"
    worst = min(loads, key=lambda load: order.index(load.budget.outcome))
    return worst.budget.outcome, listed(f"{load.budget.host}: {load.because}" for load in loads)
