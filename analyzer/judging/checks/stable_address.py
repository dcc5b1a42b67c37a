"""A host keeps one address: it leases none, has one MAC, and its name follows."""

from __future__ import annotations

import numpy as np

from analyzer.findings import Finding, Outcome
from analyzer.judging import addresses
from analyzer.judging.addresses import Reach
from analyzer.judging.case import DAY_S, Answer, Case, lasting, listed
from analyzer.judging.leases import leases
from analyzer.judging.lookups import Lookup
from analyzer.judging.place import Actor
from analyzer.judging.reports import Claim, finding, rows_of
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
    made = []
    for lease in leases(case.seen, actors):
        rows = list(lease.rows)
        told = listed(dict.fromkeys(dhcp.message[rows]), 4)
        title = f"{lease.actor.name} leases its address"
        claim = Claim("address-by-dhcp", title, f"{told} through {lease.mac}", lease.actor.name, rule.severity)
        frames = tuple(int(frame) for frame in dhcp.frame[rows[:4]])
        made.append(finding(case, rule, claim._replace(frames=frames), np.unique(dhcp.flow[rows])))
    return made


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
                title = f"{actor.name} appeared under two MAC addresses"
                claim = Claim("two-macs", title, " and ".join(own), actor.name, rule.severity)
                frames = tuple(int(flows.first_frame[row]) for row in own.values())
                made.append(finding(case, rule, claim._replace(frames=frames), rows_of(own.values())))
    return made


def _alone(case: Case, mac: str, address: str) -> bool:
    """Whether a MAC sent frames of no other unicast address: else it is a router's, or two hosts' bridge."""
    flows = case.seen.flows
    others = {*flows.orig_h[flows.orig_mac == mac], *flows.resp_h[flows.resp_mac == mac]} - {address}
    return not any(addresses.reach(other) in {Reach.LOCAL, Reach.PUBLIC} and ":" not in other for other in others)


def _stale(rule: Rule, case: Case, actors: list[Actor]) -> list[Finding]:
    """Names that stood for two local addresses, or for one at which the site file has no such host."""
    told: dict[str, dict[str, Lookup]] = {}
    for lookup in case.cast.lookups.all:
        if any(matches_name(pattern, lookup.name) for pattern in rule.to.names):
            for address in lookup.told:
                if addresses.reach(address) is Reach.LOCAL and ":" not in address:
                    told.setdefault(lookup.name, {}).setdefault(address, lookup)
    known = {address: actor for actor in actors for address in actor.addresses}
    made = []
    for name, held in told.items():
        here = next((known[address] for address in held if address in known), None)
        if here and len(held) > 1:
            made.append(_renamed(rule, case, here, name, held))
        elif here is None and case.cast.stated and len(actors) == 1:
            made.append(_renamed(rule, case, actors[0], name, held))
    return made


def _renamed(rule: Rule, case: Case, actor: Actor, name: str, held: dict[str, Lookup]) -> Finding:
    """The finding on a name and the addresses that it stood for."""
    dns, rows = case.seen.dns, [lookup.row for lookup in held.values()]
    title = f"the name {name} of {actor.name} stands for {' and '.join(held)}"
    detail = f"the host is at {' and '.join(actor.addresses)}"
    frames = tuple(int(frame) for frame in dns.answer_frame[rows[:4]])
    claim = Claim("stale-name", title, detail, actor.name, rule.severity, frames=frames)
    return finding(case, rule, claim, np.unique(dns.flow[rows]))
