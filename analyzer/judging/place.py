"""The site as it is known: who plays which part, and which servers are the site's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer import addresses
from analyzer.judging.lookups import Lookups
from analyzer.observations import Observations
from analyzer.rulepack import Role, RulePack
from analyzer.sitefile import Site


@dataclass(frozen=True)
class Part:
    """A role of a pack that a host plays, and how that is known."""

    pack: str
    role: str
    why: str


@dataclass(frozen=True)
class Actor:
    """A host in scope. One that is `shared` is an address behind which several hosts stand."""

    name: str
    addresses: tuple[str, ...]
    macs: tuple[str, ...]
    parts: tuple[Part, ...]
    basis: str
    machine_class: str = ""
    protocol: str = ""
    shared: str = ""

    def plays(self, pack: str, roles: Iterable[str]) -> bool:
        """Whether it has one of these roles of a pack."""
        wanted = set(roles)
        return any(part.pack == pack and part.role in wanted for part in self.parts)

    def roles(self, pack: str) -> tuple[str, ...]:
        """Its roles in a pack."""
        return tuple(part.role for part in self.parts if part.pack == pack)


class Players(NamedTuple):
    """The hosts with certain roles: all, those with addresses of their own, and addresses of several hosts."""

    all: tuple[Actor, ...]
    alone: tuple[Actor, ...]
    sharing: tuple[Actor, ...]


@dataclass(frozen=True)
class Cast:
    """Who is who; satisfies matching.Place."""

    packs: tuple[RulePack, ...]
    actors: tuple[Actor, ...]
    lists: dict[str, frozenset[str]]
    site: Site
    lookups: Lookups
    stated: bool
    others: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    by_address: dict[str, Actor] = field(default_factory=dict, init=False, compare=False)
    players: dict[tuple[str, tuple[str, ...]], Players] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        for actor in self.actors:
            for address in actor.addresses:
                self.by_address.setdefault(address, actor)

    def at(self, address: str) -> Actor | None:
        """The host in scope that has an address."""
        return self.by_address.get(address)

    def plays(self, address: str, pack: str, role: str) -> bool:
        """Whether the host at an address has a role of a pack."""
        actor = self.at(address)
        return actor is not None and actor.plays(pack, (role,))

    def may_play(self, client: str, address: str, pack: str, role: str) -> bool:
        """Whether the host at an address is on the client's site and known as nothing else of the pack."""
        del role
        actor = self.at(address)
        return (actor is None or not actor.roles(pack)) and self.inside(client, address)

    def inside(self, one: str, other: str) -> bool:
        """Whether `other` is on the site of `one`."""
        networks = self.site.company_networks + self.site.machine_networks
        return addresses.local_to(one, other) or addresses.within_texts(other, networks)

    def listed(self, role: str) -> frozenset[str]:
        """Addresses (with or without port) and names that are known as resolver, ntp, proxy or mirror."""
        return self.lists.get(role, frozenset())

    def misses_answers(self) -> bool:
        """Whether answers to lookups may have been cut or lost in capturing."""
        return self.lookups.lost

    def asks(self, client: str) -> bool:
        """Whether name lookups of a client with their answers are in the capture, none of them cut or lost."""
        return client in self.lookups.asking

    def role(self, part: Part) -> Role:
        """The role of a part as its pack describes it."""
        return next(
            role for pack in self.packs if pack.name == part.pack for role in pack.roles if role.name == part.role
        )

    def playing(self, pack: str, roles: Iterable[str]) -> tuple[Actor, ...]:
        """The hosts that have one of these roles of a pack."""
        return self._players(pack, roles).all

    def alone(self, pack: str, roles: Iterable[str]) -> tuple[Actor, ...]:
        """Those of them that have an address of their own."""
        return self._players(pack, roles).alone

    def sharing(self, pack: str, roles: Iterable[str]) -> tuple[Actor, ...]:
        """Those of them that are addresses of several hosts."""
        return self._players(pack, roles).sharing

    def _players(self, pack: str, roles: Iterable[str]) -> Players:
        """Who has one of these roles of a pack, found once."""
        wanted = tuple(roles)
        if (pack, wanted) not in self.players:
            found = tuple(actor for actor in self.actors if actor.plays(pack, wanted))
            alone = tuple(actor for actor in found if not actor.shared)
            self.players[pack, wanted] = Players(found, alone, tuple(actor for actor in found if actor.shared))
        return self.players[pack, wanted]


def lists(seen: Observations, site: Site) -> dict[str, frozenset[str]]:
    """What the site file lists as resolver, ntp, proxy and mirror, and what DHCP handed out as the first two."""
    stated: dict[str, set[str]] = defaultdict(set)
    for host in site.hosts:
        stated[host.role].update(host.addresses)
    handed = {
        "resolver": {address for row in seen.dhcp.resolvers for address in row},
        "ntp": {address for row in seen.dhcp.ntp_servers for address in row},
    }
    named = {"resolver": site.resolvers, "ntp": site.ntp, "proxy": site.proxies, "mirror": site.mirrors}
    return {role: frozenset({*named[role], *stated[role], *handed.get(role, ())}) for role in named}
