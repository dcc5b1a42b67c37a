"""A host keeps one address: it leases none, does not change it, has one MAC, and its name follows."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Finding, Outcome
from analyzer.judging.case import DAY_S, Answer, Case, lasting, listed
from analyzer.judging.leases import leases
from analyzer.judging.lookups import Lookup
from analyzer.judging.place import Actor
from analyzer.judging.reports import Claim, finding, rows_of
from analyzer.rulepack import Rule, matches_name

KIND = "stable-address"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails with a lease, a second MAC, a change of address or a name that did not follow; else holds over a day."""
    actors = list(case.singles(rule))
    if not actors:
        return Answer(Outcome.NOT_OBSERVED, f"no host in the role {' or '.join(rule.who)} was seen")
    found = (_leased, _two_macs, _moved, _stale)
    findings = tuple(finding for find in found for finding in find(rule, case, actors))
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
    flows, traffic = case.seen.flows, case.docket.traffic
    behind = _behind(case)
    made = []
    for actor in actors:
        for address in actor.addresses:
            carried: dict[str, int] = {}
            for row in traffic.opened.rows(traffic.code(address)).tolist():
                carried.setdefault(flows.orig_mac[row], row)
            own = {mac: row for mac, row in carried.items() if mac and behind.get(mac, set()) <= {address}}
            if len(own) > 1:
                title = f"{actor.name} appeared under two MAC addresses"
                claim = Claim("two-macs", title, " and ".join(own), actor.name, rule.severity)
                frames = tuple(int(flows.first_frame[row]) for row in own.values())
                made.append(finding(case, rule, claim._replace(frames=frames), rows_of(own.values())))
    return made


def _behind(case: Case) -> dict[str, set[str]]:
    """The unicast addresses whose frames a MAC sent: with more than one it is a router's, or two hosts' bridge."""
    found: dict[str, set[str]] = defaultdict(set)
    for address, macs in case.docket.traffic.carried.items():
        if addresses.reach(address) in {Reach.LOCAL, Reach.PUBLIC} and ":" not in address:
            for mac in macs:
                found[mac].add(address)
    return found


def _moved(rule: Rule, case: Case, actors: list[Actor]) -> list[Finding]:
    """Hosts whose MAC had one address and then another, each for itself, and did the pack's work at both."""
    made, told = [], set()
    spans = _spans(case, {mac for actor in actors for mac in actor.macs})
    for actor in actors:
        for mac in actor.macs:
            held = spans.get(mac, {})
            moved = len(held) > 1 and all(_shows(case, actor, address) for address in held)
            if mac in told or not moved or not set(held) & set(actor.addresses) or not _in_turn(held):
                continue
            told.add(mac)
            rows = rows_of(span.row for span in held.values())
            title = f"{actor.name} changed its address: {' and then '.join(held)}"
            claim = Claim("address-changed", title, f"each from {mac}", actor.name, rule.severity)
            frames = tuple(int(case.seen.flows.first_frame[row]) for row in rows)
            made.append(finding(case, rule, claim._replace(frames=frames), rows))
    return made


class _Span(NamedTuple):
    """The first flow of an address, and when its first and last frames came."""

    row: int
    start_ns: int
    end_ns: int


def _spans(case: Case, wanted: set[str]) -> dict[str, dict[str, _Span]]:
    """Per MAC its IPv4 addresses, the earliest first; none where one is no host's own, as behind a router."""
    flows = case.seen.flows
    found: dict[str, dict[str, _Span]] = defaultdict(dict)
    routers: set[str] = set()
    for macs, column in ((flows.orig_mac, flows.orig_h), (flows.resp_mac, flows.resp_h)):
        for row, (mac, address) in enumerate(zip(macs, column, strict=True)):
            if mac not in wanted or mac in routers:
                continue
            reach = addresses.reach(address)
            if reach is Reach.PUBLIC:
                routers.add(mac)
            elif reach is Reach.LOCAL and ":" not in address and not address.startswith("169.254."):
                start, end = int(flows.start_ns[row]), int(flows.end_ns[row])
                held = found[mac].get(address, _Span(row, start, end))
                found[mac][address] = _Span(min(held.row, row), min(held.start_ns, start), max(held.end_ns, end))
    return {
        mac: dict(sorted(held.items(), key=lambda pair: pair[1].start_ns))
        for mac, held in found.items()
        if mac not in routers
    }


def _in_turn(held: dict[str, _Span]) -> bool:
    """Whether each address fell silent before the next one spoke: else they are several hosts behind one MAC."""
    spans = list(held.values())
    return all(one.end_ns < other.start_ns for one, other in itertools.pairwise(spans))


def _shows(case: Case, actor: Actor, address: str) -> bool:
    """Whether an address is the host's, or did something that tells a role of the pack."""
    return address in actor.addresses or bool(case.signs.of(address))


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
