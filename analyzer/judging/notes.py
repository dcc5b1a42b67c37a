"""What a reader of the conclusions has to know: readings that were used, what was asked for, megabytes a month."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from analyzer import addresses
from analyzer.findings import Basis
from analyzer.judging.case import Case, listed
from analyzer.judging.loads import cloud
from analyzer.judging.patterns import Names
from analyzer.judging.place import Actor
from analyzer.rulepack import Rule

MONTH_S = 30 * 86_400.0


def notes(case: Case) -> list[str]:
    """The notes on one pack's case, each once."""
    used = {ruling.allowed[0].id: ruling.allowed[0] for _, ruling in case.rulings if ruling.allowed}
    lines = [f"{rule.id} is a reading: {rule.because}" for rule in used.values() if rule.basis is Basis.READING]
    lines += [f"{ruling.whom}: {ruling.why}" for _, ruling in case.rulings if ruling.code == "in-half"]
    lines += [*_across(case, list(used.values())), *_asked(case)]
    return list(dict.fromkeys(lines))


def _asked(case: Case) -> list[str]:
    """Names that hosts in scope asked for and that the document does not list: no breach, but worth knowing."""
    documented = Names(pattern for rule in case.book.pack.rules for pattern in rule.to.names)
    asked: dict[str, set[str]] = defaultdict(set)
    for lookup in case.cast.lookups.all:
        asked[lookup.client].add(lookup.name)
    lines = []
    for actor in case.cast.actors:
        if actor.shared or _general(case, actor):
            continue
        names = {name for address in actor.addresses for name in asked.get(address, ())}
        strange = sorted(name for name in names if not documented.mean(name))
        if strange:
            lines.append(f"{actor.name} asked for names that the document does not list (no breach): {listed(strange)}")
    return lines


def _general(case: Case, actor: Actor) -> bool:
    """Whether a host plays no part in the pack but that of a person's computer."""
    parts = [part for part in actor.parts if part.pack == case.book.pack.name]
    return all(case.cast.role(part).general for part in parts)


def _across(case: Case, used: list[Rule]) -> list[str]:
    """Flows between subnets under a name that stands for a local address: acceptable, says the document."""
    local = {pattern for rule in case.book.of("local-name") for pattern in rule.to.names}
    flows = case.seen.flows
    lines = []
    for rule in used:
        rows = (
            case.docket.flows([at for at, ruling in case.rulings if rule in ruling.allowed])
            if local & {*rule.to.names}
            else ()
        )
        pairs = {(flows.orig_h[row], flows.resp_h[row]) for row in rows}
        lines += [
            f"{one} and {other} are on different subnets, which the document accepts"
            for one, other in sorted(pairs)
            if addresses.local_to(one, other) and not addresses.neighbours(one, other)
        ]
    return lines


def monthly(case: Case) -> list[str]:
    """What the traffic of a cellular site comes to in a month, where the capture is all there is to go by."""
    if case.cast.site.topology != "cellular" or case.duration_s <= 0:
        return []
    rows = cloud(case, case.book.rules)
    flows = case.seen.flows
    octets = int(np.sum(flows.orig_octets[rows]) + np.sum(flows.resp_octets[rows]))
    megabytes = octets / 1e6 * MONTH_S / case.duration_s
    return [
        f"cellular: at the rate of this capture {megabytes:,.0f} MB a month to and from the documented destinations"
    ]
