"""Hosts that the capture shows in a role of a pack, each with what told it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.patterns import Names
from analyzer.judging.place import Actor, Part
from analyzer.judging.signs import Sign, Signs
from analyzer.judging.traffic import Traffic
from analyzer.rulepack import Role, Rule, RulePack, refers

MANY_NAMES = 5  # more undocumented names, and thrice the documented ones, are a relay for others, not one device

UNICAST = frozenset({Reach.LOCAL, Reach.PUBLIC})

Roles = Mapping[str, Mapping[str, Mapping[str, Sign]]]
"""Per pack and address the roles shown, each with what told it."""


def shown(pack: RulePack, signs: Signs, *, asked: bool) -> dict[str, dict[str, Sign]]:
    """Per address the roles of a pack that the capture shows, each with what told it; `asked`: by the user."""
    found: dict[str, dict[str, Sign]] = defaultdict(dict)
    for role in pack.roles:
        for address in list(signs.opened):
            _note(found[address], role, _as_originator(role, signs.of(address), asked=asked))
        for address, named in signs.resolved.items():
            _note(
                found[address], role, next((sign for rule, sign in named.items() if _means(role.resolves, rule)), None)
            )
    _answering(pack, signs, found)
    for role in pack.roles:
        for address in [address for address in signs.opened if not found[address]]:
            _note(found[address], role, _combined(role.weakly, signs.of(address)))
    _answering(pack, signs, found)
    for role in pack.roles:
        for held in found.values():
            if role.name in held and set(role.yields_to) & set(held):
                del held[role.name]
    return {address: held for address, held in found.items() if held}


def _note(held: dict[str, Sign], role: Role, sign: Sign | None) -> None:
    """Note what tells a role, the first of several."""
    if sign:
        held.setdefault(role.name, sign)


def _answering(pack: RulePack, signs: Signs, found: dict[str, dict[str, Sign]]) -> None:
    """Note who answered a host of a known role as the rules of its own role say."""
    rules = {rule.id: rule for rule in pack.rules}
    for role in pack.roles:
        for address, answers in signs.answered.items():
            for rule, (client, sign) in answers.items():
                known = set(rules[rule].who) & set(found.get(client, ()))
                if known and _means(role.responds, rule) and addresses.reach(address) in UNICAST:
                    found[address].setdefault(role.name, sign)


def _as_originator(role: Role, signs: dict[str, Sign], *, asked: bool) -> Sign | None:
    """What a host opened (or asked for) that tells this role of it."""
    if any(_means(role.unless, rule) for rule in signs):
        return None
    telling = (*role.originates, *role.asked) if asked else role.originates
    for rule, sign in signs.items():
        if _means(telling, rule):
            return sign
    return _combined(role.together, signs)


def _combined(combinations: Sequence[Sequence[Sequence[str]]], signs: dict[str, Sign]) -> Sign | None:
    """The first combination of which every group has a sign."""
    for combination in combinations:
        parts = [next((sign for rule, sign in signs.items() if _means(group, rule)), None) for group in combination]
        if all(parts):
            texts = dict.fromkeys(part.text for part in parts if part)
            return Sign(" and ".join(texts), max(part.frame for part in parts if part))
    return None


def _means(references: Sequence[str], rule: str) -> bool:
    """Whether one of the references means a rule."""
    return any(refers(reference, rule) for reference in references)


def told_rules(pack: RulePack) -> tuple[Rule, ...]:
    """The rules by which the roles of a pack are told, and those of one variant only, which tell the variant."""
    groups = [tuple(rule.id for rule in pack.rules if len(rule.variants) == 1 and rule.kind == "destination")]
    groups += [(*role.originates, *role.responds, *role.resolves, *role.asked, *role.unless) for role in pack.roles]
    groups += [group for role in pack.roles for combination in role.together + role.weakly for group in combination]
    return pack.select(reference for group in groups for reference in group)


def inferred(
    traffic: Traffic, packs: Sequence[RulePack], roles: Roles, relaying: frozenset[str], nat: Sequence[str]
) -> tuple[Actor, ...]:
    """The hosts that the capture shows in a role; those with one role and one MAC of their own are one host."""
    found = {address for held in roles.values() for address in held}
    own = _own_macs(traffic, found)
    merged: dict[tuple[object, ...], list[str]] = defaultdict(list)
    polling = _polling(packs)
    roles = _strict_first(packs, roles)
    for address in sorted(found, key=_order):
        held = frozenset((pack, role) for pack in roles for role in roles[pack].get(address, ()))
        merged[held, own.get(address, address)].append(address)
    actors = []
    for group in merged.values():
        first = group[0]
        shared = "the site file says so" if first in nat else _shared(first, traffic, packs, relaying, roles)
        parts = tuple(
            Part(pack.name, role.name, f"{sign.text} (frame {sign.frame})" if sign else "may stand behind this address")
            for pack in packs
            for role in pack.roles
            if (sign := roles[pack.name].get(first, {}).get(role.name)) or (shared and any(roles[pack.name].values()))
        )
        polled = any((part.pack, part.role) in polling.roles for part in parts)
        protocol = _protocol(traffic, first, polling.services) if polled else ""
        carried = tuple(dict.fromkeys(mac for address in group for mac in traffic.carried.get(address, ())))
        grade = ("focas" if protocol == "focas" else "standard" if protocol else "") if polled else ""
        actors.append(Actor(first, tuple(group), carried, parts, "inferred", grade, protocol, shared))
    return tuple(actors)


def _strict_first(packs: Sequence[RulePack], roles: Roles) -> Roles:
    """The roles without those of a person's computer where a host is a device in any pack: no PC excuses a device."""
    general = {(pack.name, role.name) for pack in packs for role in pack.roles if role.general}
    devices = {
        address
        for pack, held in roles.items()
        for address, signs in held.items()
        if any((pack, role) not in general for role in signs)
    }
    return {
        pack: {
            address: {
                role: sign for role, sign in signs.items() if address not in devices or (pack, role) not in general
            }
            for address, signs in held.items()
        }
        for pack, held in roles.items()
    }


def _order(address: str) -> tuple[int, int]:
    """Addresses in the order of their numbers."""
    parsed = addresses.parse(address)
    return (parsed.version, int(parsed)) if parsed else (0, 0)


def _own_macs(traffic: Traffic, wanted: set[str]) -> dict[str, str]:
    """The MAC of each address whose MAC no other address of its IP version has: several are behind a router's."""
    theirs = {mac for address in wanted for mac in traffic.carried.get(address, ())}
    behind: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for address, macs in traffic.carried.items():
        if theirs.intersection(macs) and addresses.reach(address) in UNICAST and not address.startswith("fe80:"):
            for mac in macs:
                behind[mac][_order(address)[0]].add(address)
    alone = {mac: [held for held in versions.values() if len(held) == 1] for mac, versions in behind.items()}
    own = {mac for mac, versions in behind.items() if len(alone[mac]) == len(versions)}
    return {address: mac for mac in own for held in alone[mac] for address in held & wanted}


def _shared(
    address: str,
    traffic: Traffic,
    packs: Sequence[RulePack],
    relaying: frozenset[str],
    roles: Roles,
) -> str:
    """Why an address may stand for several hosts, empty where nothing says so."""
    parsed, mine = addresses.parse(address), traffic.opened.rows(traffic.code(address))
    if address in relaying and any(_opens(pack, roles[pack.name].get(address, {})) for pack in packs):
        return "it answers as a proxy or resolver, so it may speak for others"
    if parsed is not None and parsed.version == 4 and addresses.reach(address) is Reach.PUBLIC:
        bases = len({_base(int(ttl)) for ttl in np.unique(traffic.seen.flows.orig_ttl[mine]).tolist()})
        seen = f"{bases} TTL bases were seen" if bases > 1 else "one TTL base was seen, which does not exclude it"
        return f"a public address is often a NAT's; {seen}"
    documented = Names(pattern for pack in packs for rule in pack.rules for pattern in rule.to.names)
    names = [str(traffic.names[code]) for code in np.unique(traffic.name[mine]).tolist() if traffic.names[code]]
    strange = sum(not documented.mean(name) for name in names)
    if strange > MANY_NAMES and strange > 3 * (len(names) - strange) and not _general(address, packs, roles):
        return f"it opened flows to {strange} undocumented names, as a relay for others does"
    return ""


def _opens(pack: RulePack, held: Mapping[str, Sign]) -> bool:
    """Whether one of these roles is told by what a host opens."""
    return any(role.name in held and (role.originates or role.together) for role in pack.roles)


def _general(address: str, packs: Sequence[RulePack], roles: Roles) -> bool:
    """Whether all roles of an address are a person's computer's."""
    return all(role.general for pack in packs for role in pack.roles if role.name in roles[pack.name].get(address, {}))


def _base(ttl: int) -> int:
    """The initial TTL that a TTL seen most probably comes from: 32, 64, 128 or 255."""
    return next(base for base in (32, 64, 128, 255) if ttl <= base)


class _Polling(NamedTuple):
    """The roles that budgets are counted by, each with its pack, and the services by which such hosts are asked."""

    roles: frozenset[tuple[str, str]]
    services: frozenset[str]


def _polling(packs: Sequence[RulePack]) -> _Polling:
    """Who is polled, and how: the document gives rates for each."""
    peers = {pack.name: _peer_of(pack) for pack in packs}
    asked = [rule.to for pack in packs for rule in pack.rules if rule.to.role == peers[pack.name]]
    return _Polling(frozenset(peers.items()), frozenset(service for to in asked for service in to.payload))


def _peer_of(pack: RulePack) -> str:
    """The role that a pack wants to talk to one peer only: its machines."""
    return next((rule.who[0] for rule in pack.rules if rule.kind == "isolated-machines"), "")


def _protocol(traffic: Traffic, address: str, services: frozenset[str]) -> str:
    """The protocol that a polled host answered in most flows, empty where none was recognised."""
    mine = traffic.service[traffic.met.rows(traffic.code(address))]
    numbers, counts = np.unique(mine, return_counts=True)
    ranked = sorted(zip(counts.tolist(), numbers.tolist(), strict=True), reverse=True)
    return next((str(traffic.services[number]) for _, number in ranked if traffic.services[number] in services), "")
