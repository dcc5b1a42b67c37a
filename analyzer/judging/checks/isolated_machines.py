"""Machines exchange data with the one host that collects it, and with nobody else."""

from __future__ import annotations

from analyzer import addresses
from analyzer.findings import Basis, Outcome
from analyzer.judging.case import Answer, Case, Rows, count, listed
from analyzer.judging.reports import report
from analyzer.judging.ruling import Ruling
from analyzer.rulepack import Rule

KIND = "isolated-machines"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails with the flows to others; a documented "no internet access" is not broken within the machines' network."""
    breaches = case.breaches(rule)
    if rule.basis is Basis.DOCUMENTED:
        breaches = [(at, ruling) for at, ruling in breaches if not _own_network(case, at, ruling)]
    rows = case.docket.flows([at for at, _ in breaches])
    actors = case.singles(rule)
    if len(rows):
        whom = listed(f"{ruling.actor.name if ruling.actor else ''} with {ruling.whom}" for _, ruling in breaches)
        return Answer(Outcome.FAILS, f"{count(len(rows), 'flow')}: {whom}", rows, report(case, rule))
    mine = case.touching(actors)
    if not len(mine):
        return Answer(Outcome.NOT_OBSERVED, "no flow of a machine is in the capture", findings=report(case, rule))
    who = f"{count(len(actors), 'machine')} ({listed(actor.name for actor in actors)})"
    inside = report(case, rule)
    others = "a host outside its network" if inside else "others"
    return Answer(Outcome.HOLDS, f"{who}: {count(len(mine), 'flow')}, none with {others}", mine, inside)


def _own_network(case: Case, at: int, ruling: Ruling) -> bool:
    """Whether all flows of a ruling stay in the network of the machine."""
    if ruling.code != "machine-other-peer" or ruling.actor is None:
        return False
    nets = case.cast.site.machine_networks
    return all(_near(case, row, nets) for row in _rows(case, at).tolist())


def _rows(case: Case, at: int) -> Rows:
    """The flows of a ruling."""
    return case.docket.flows([at])


def _near(case: Case, row: int, nets: tuple[str, ...]) -> bool:
    """Whether both ends of a flow are in one network."""
    one, other = case.seen.flows.orig_h[row], case.seen.flows.resp_h[row]
    if nets:
        return addresses.within_texts(one, nets) and addresses.within_texts(other, nets)
    return addresses.neighbours(one, other)
