"""DHCP exchanges of hosts in scope: who leased, from whom, on which of the site's networks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

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
    known: dict[str, list[int]] = defaultdict(list)
    for place, actor in enumerate(actors):
        for mark in {*actor.macs, *actor.addresses}:
            known[mark].append(place)
    for row in range(len(seen.dhcp.flow)):
        if seen.dhcp.message[row] not in TAKING:
            continue
        mac = seen.dhcp.client_mac[row]
        told = {seen.dhcp.assigned[row], seen.dhcp.client_address[row]} - {"", "0.0.0.0"}  # noqa: S104 an absent address, nothing is bound
        for place in sorted({place for mark in (mac, *told) for place in known.get(mark, ())}):
            found.setdefault((actors[place].name, mac), []).append(row)
    return [Lease(by_name[name], mac, tuple(rows)) for (name, mac), rows in found.items()]


def leased_flows(seen: Observations, cast: Cast, books: Sequence[Book]) -> Iterator[tuple[int, Ruling]]:
    """The flows of leases that a rule of kind no-dhcp forbids, each with its ruling."""
    for book in books:
        for rule in book.of("no-dhcp"):
            held = leases(seen, cast.playing(book.pack.name, rule.who))
            for lease, why in zip(held, _on_network(seen, cast, book, rule, held), strict=True):
                if why:
                    whom, code = f"DHCP through {lease.mac}", "dhcp-on-machine-network"
                    pack, actor = book.pack.name, lease.actor
                    ruling = Ruling(Verdict.UNEXPECTED, pack, (), rule, actor, whom, code, rule.severity, why=why)
                    for flow in sorted({int(seen.dhcp.flow[row]) for row in lease.rows}):
                        yield flow, ruling


def _on_network(seen: Observations, cast: Cast, book: Book, rule: Rule, held: Sequence[Lease]) -> list[str]:
    """Why each lease was taken on the network that the rule means, empty where nothing shows it."""
    site = cast.site
    machine = rule.options.get("network") == "machine"
    nets = site.machine_networks if machine else site.company_networks
    why = [_in_networks(seen, lease, nets, "machine" if machine else "company") for lease in held]
    if nets or not machine or site.topology == "company":
        return why
    told = _only_machines(seen, cast, book, {lease.mac for lease in held})
    return [said or told.get(lease.mac, "") for said, lease in zip(why, held, strict=True)]


def _in_networks(seen: Observations, lease: Lease, nets: Sequence[str], name: str) -> str:
    """Which address of a lease lies in the networks that the site file names, in words; empty where none does."""
    dhcp = seen.dhcp
    for row in lease.rows if nets else ():
        for text in (dhcp.assigned[row], dhcp.client_address[row], dhcp.server[row]):
            if text and addresses.within_texts(text, nets):
                return f"{text} lies in a network that the site file calls {name}"
    return ""


def _only_machines(seen: Observations, cast: Cast, book: Book, macs: set[str]) -> dict[str, str]:
    """Which of these MACs send to machines only: such a port is the machines', and what it leases is there."""
    flows, roles = seen.flows, _polled_roles(book)
    polled: Counter[str] = Counter()
    leaving: set[str] = set()
    for mac, target in zip(flows.orig_mac, flows.resp_h, strict=True):
        if mac not in macs or mac in leaving:
            continue
        if addresses.reach(target) is Reach.PUBLIC:
            leaving.add(mac)
        other = cast.at(target)
        polled[mac] += other is not None and any(part.role in roles for part in other.parts)
    return {
        mac: f"{mac} opened {number} flows to machines and none that leaves the site"
        for mac, number in polled.items()
        if number and mac not in leaving
    }


def _polled_roles(book: Book) -> set[str]:
    """The roles of a pack that are to be isolated: its machines."""
    return {role for rule in book.pack.rules if rule.kind == "isolated-machines" for role in rule.who}
