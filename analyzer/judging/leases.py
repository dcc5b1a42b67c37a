"""DHCP exchanges of hosts in scope: who leased, from whom, on which of the site's networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Verdict
from analyzer.judging.place import Actor, Cast
from analyzer.judging.ruling import Book, Ruling
from analyzer.observations import Observations
from analyzer.rulepack import Rule

TAKING = frozenset({"DISCOVER", "OFFER", "REQUEST", "ACK"})


class Lease(NamedTuple):
    """The DHCP messages of one host in scope through one MAC, by their rows."""

    actor: Actor
    mac: str
    rows: tuple[int, ...]


def leases(seen: Observations, actors: Sequence[Actor]) -> list[Lease]:
    """Who of these hosts asked for a lease: known by MAC, or by an address that was assigned."""
    found: dict[tuple[str, str], list[int]] = {}
    by_name = {actor.name: actor for actor in actors}
    for row in range(len(seen.dhcp.flow)):
        if seen.dhcp.message[row] not in TAKING:
            continue
        mac = seen.dhcp.client_mac[row]
        told = {seen.dhcp.assigned[row], seen.dhcp.client_address[row]} - {"", "0.0.0.0"}  # noqa: S104 an absent address, nothing is bound
        for actor in actors:
            if mac in actor.macs or told & set(actor.addresses):
                found.setdefault((actor.name, mac), []).append(row)
    return [Lease(by_name[name], mac, tuple(rows)) for (name, mac), rows in found.items()]


def leased_flows(seen: Observations, cast: Cast, books: Sequence[Book]) -> Iterator[tuple[int, Ruling]]:
    """The flows of leases that a rule of kind no-dhcp forbids, each with its ruling."""
    for book in books:
        for rule in book.of("no-dhcp"):
            actors = cast.playing(book.pack.name, rule.who)
            for lease in leases(seen, actors):
                why = on_network(seen, cast, book, rule, lease)
                if why:
                    whom, code = f"DHCP through {lease.mac}", "dhcp-on-machine-network"
                    pack, actor = book.pack.name, lease.actor
                    ruling = Ruling(Verdict.UNEXPECTED, pack, (), rule, actor, whom, code, rule.severity, why=why)
                    for flow in sorted({int(seen.dhcp.flow[row]) for row in lease.rows}):
                        yield flow, ruling


def on_network(seen: Observations, cast: Cast, book: Book, rule: Rule, lease: Lease) -> str:
    """Why a lease was taken on the network that the rule means, empty where nothing shows it."""
    site, dhcp = cast.site, seen.dhcp
    machine = rule.options.get("network") == "machine"
    nets = site.machine_networks if machine else site.company_networks
    for row in lease.rows:
        for text in (dhcp.assigned[row], dhcp.client_address[row], dhcp.server[row]):
            if text and addresses.within_texts(text, nets):
                return f"{text} lies in a network that the site file calls {'machine' if machine else 'company'}"
    if nets or not machine or site.topology == "company":
        return ""
    return _only_machines(seen, cast, book, lease)


def _only_machines(seen: Observations, cast: Cast, book: Book, lease: Lease) -> str:
    """Whether all that a MAC sends goes to machines: then it is the machine port's, and what it leases is there."""
    mine = np.array([mac == lease.mac for mac in seen.flows.orig_mac], np.bool_)
    polled = 0
    for flow in np.flatnonzero(mine).tolist():
        target = seen.flows.resp_h[flow]
        if addresses.reach(target) is Reach.PUBLIC:
            return ""
        other = cast.at(target)
        polled += other is not None and any(part.role in _polled_roles(book) for part in other.parts)
    return f"{lease.mac} opened {polled} flows to machines and none that leaves the site" if polled else ""


def _polled_roles(book: Book) -> set[str]:
    """The roles of a pack that are to be isolated: its machines."""
    return {role for rule in book.pack.rules if rule.kind == "isolated-machines" for role in rule.who}
