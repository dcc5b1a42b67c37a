"""A host keeps one address: it leases none, has one MAC, and its name follows."""

from __future__ import annotations

import numpy as np

from analyzer.findings import Finding, Outcome, Strength, Verdict
from analyzer.judging import addresses
from analyzer.judging.addresses import Reach
from analyzer.judging.case import DAY_S, Answer, Case, lasting, listed
from analyzer.judging.leases import leases
from analyzer.judging.lookups import Lookup
from analyzer.judging.place import Actor
from analyzer.judging.reports import finding
from analyzer.rulepack import Rule, matches_name

KIND = "stable-address"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails with a lease, a second MAC or a name that stands for several addresses; else holds over a day at least."""
    actors = list(case.singles(rule))
    if not actors:
        return Answer(Outcome.NOT_OBSERVED, f"no host in the role {' or '.join(rule.who)} was seen")
    findings = (*_leased(rule, case, actors), *_two_macs(rule, case, actors), *_stale(rule, case, actors))
    rows = case.of(actors)
    if findings:
        return Answer(Outcome.FAILS, listed(found.title for found in findings), rows, findings)
    told = f"{listed(actor.name for actor in actors)}: one address, no lease in {lasting(case.duration_s)}"
    if case.duration_s >= DAY_S:
        return Answer(Outcome.HOLDS, told, rows)
    return Answer(Outcome.NOT_OBSERVED, f"{told}; a lease may be renewed once a day only", rows)


def _leased(rule: Rule, case: Case, actors: list[Actor]) -> list[Finding]:
    """Hosts that asked for their address."""
    dhcp = case.seen.dhcp
    return [
        finding(
            case, rule, "address-by-dhcp", Verdict.HOUSEKEEPING, rule.severity, Strength.STRONG,
            f"{lease.actor.name} leases its address", np.unique(dhcp.flow[list(lease.rows)]),
            f"{listed(dict.fromkeys(dhcp.message[row] for row in lease.rows), 4)} through {lease.mac}",
            lease.actor.name, [int(dhcp.frame[row]) for row in lease.rows[:4]],
        )
        for lease in leases(case.seen, actors)
    ]  # fmt: skip


def _two_macs(rule: Rule, case: Case, actors: list[Actor]) -> list[Finding]:
    """Hosts whose one address was the source of frames with two MACs, each of this host alone."""
    flows = case.seen.flows
    made = []
    for actor in actors:
        for address in actor.addresses:
            carried: dict[str, int] = {}
            for row in np.flatnonzero(flows.orig_h == address).tolist():
                carried.setdefault(flows.orig_mac[row], row)
            own = {mac: row for mac, row in carried.items() if mac and _alone(case, mac, address)}
            if len(own) > 1:
                made.append(
                    finding(
                        case, rule, "two-macs", Verdict.EXPECTED, rule.severity, Strength.STRONG,
                        f"{actor.name} appeared under two MAC addresses", np.array(sorted(own.values())),
                        " and ".join(own), actor.name, [int(flows.first_frame[row]) for row in own.values()],
                    )
                )  # fmt: skip
    return made


def _alone(case: Case, mac: str, address: str) -> bool:
    """Whether a MAC sent frames of no other unicast address: else it is a router's, or two hosts' bridge."""
    flows = case.seen.flows
    others = {*flows.orig_h[flows.orig_mac == mac], *flows.resp_h[flows.resp_mac == mac]} - {address}
    return not any(addresses.reach(other) in {Reach.LOCAL, Reach.PUBLIC} and ":" not in other for other in others)


def _stale(rule: Rule, case: Case, actors: list[Actor]) -> list[Finding]:
    """Names that stood for a host in scope and, in another answer, for another local address."""
    told: dict[str, dict[str, Lookup]] = {}
    for lookup in case.cast.lookups.all:
        if any(matches_name(pattern, lookup.name) for pattern in rule.to.names):
            for address in lookup.told:
                if addresses.reach(address) is Reach.LOCAL and ":" not in address:
                    told.setdefault(lookup.name, {}).setdefault(address, lookup)
    made = []
    dns = case.seen.dns
    for name, held in told.items():
        here = next((actor for actor in actors if set(held) & set(actor.addresses)), None)
        if here and len(held) > 1:
            rows = [lookup.row for lookup in held.values()]
            made.append(
                finding(
                    case, rule, "stale-name", Verdict.EXPECTED, rule.severity, Strength.STRONG,
                    f"the name {name} of {here.name} stands for {' and '.join(held)}", np.unique(dns.flow[rows]),
                    f"{name} was answered with each of them", here.name, [int(dns.answer_frame[row]) for row in rows[:4]],
                )
            )  # fmt: skip
    return made
