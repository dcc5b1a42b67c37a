"""Who is in scope: the hosts of the site file, else those that the capture shows in a role, with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.inference import inferred, shown, told_rules
from analyzer.judging.lookups import Lookups
from analyzer.judging.place import Actor, Cast, Part, lists
from analyzer.judging.signs import Signs, gather, relays
from analyzer.judging.traffic import Traffic
from analyzer.observations import Observations
from analyzer.rulepack import RulePack
from analyzer.sitefile import Site, SiteHost

MAX_MAC_ADDRESSES = 4  # a MAC with more addresses behind it is a router's


class Profile(NamedTuple):
    """A pack that the user asked for, and which variant of it."""

    pack: str
    variant: str


def profile(text: str) -> Profile:
    """The profile that `pack` or `pack:variant` means."""
    pack, _, variant = text.partition(":")
    return Profile(pack, variant)


def cast(
    seen: Observations, traffic: Traffic, packs: Sequence[RulePack], site: Site, profiles: Sequence[str]
) -> tuple[Cast, dict[str, Signs]]:
    """The hosts in scope, and per pack what the capture shows of hosts' roles."""
    lookups = Lookups(seen)
    wanted = [profile(text) for text in (profiles or site.profiles)]
    chosen = [pack for pack in packs if not wanted or pack.name in {want.pack for want in wanted}]
    bare = Cast(tuple(packs), (), lists(seen, site), site, lookups, stated=False)
    relaying = relays(traffic, lookups)
    signs = {pack.name: gather(pack, told_rules(pack), traffic, bare, relaying) for pack in chosen}
    stated = any(_owners(chosen, host.role) for host in site.hosts)
    if stated:
        actors, others = _stated(traffic, chosen, site)
    else:
        roles = {pack.name: shown(pack, signs[pack.name], asked=bool(wanted)) for pack in chosen}
        actors, others = inferred(traffic, chosen, roles, relaying, site.nat), ()
    known = {address for actor in actors for address in actor.addresses}
    actors += _nat(chosen, site, known, actors, wanted=bool(wanted))
    active = tuple(
        pack for pack in chosen if wanted or any(part.pack == pack.name for actor in actors for part in actor.parts)
    )
    return Cast(active, actors, bare.lists, site, lookups, stated, others, _notes(actors, stated=stated)), signs


def _owners(packs: Sequence[RulePack], role: str) -> list[RulePack]:
    """The packs that know a role."""
    return [pack for pack in packs if any(known.name == role for known in pack.roles)]


def _stated(
    traffic: Traffic, packs: Sequence[RulePack], site: Site
) -> tuple[tuple[Actor, ...], tuple[tuple[str, str], ...]]:
    """The hosts of the site file: in scope by a pack's role, others by name and role; one host may have two roles."""
    actors: dict[tuple[str, ...], Actor] = {}
    others = []
    by_mac = _addresses_of(traffic, site.hosts)
    for host in site.hosts:
        found = host.addresses or tuple(address for mac in host.macs for address in by_mac.get(mac.lower(), ()))
        parts = tuple(Part(pack.name, host.role, "named so by the site file") for pack in _owners(packs, host.role))
        if not parts:
            others.append((host.name, host.role))
            continue
        held = actors.get(found) if found else None
        if held:
            actors[found] = replace(held, parts=(*held.parts, *parts))
            continue
        known = dict.fromkeys(
            [*(mac.lower() for mac in host.macs), *(mac for a in found for mac in traffic.carried.get(a, ()))]
        )
        made = Actor(host.name, found, tuple(known), parts, "site-file", host.machine_class, host.protocol)
        actors[found or (host.name,)] = made
    return tuple(actors.values()), tuple(others)


def _addresses_of(traffic: Traffic, hosts: Sequence[SiteHost]) -> dict[str, tuple[str, ...]]:
    """Addresses behind the MACs of hosts that the site file names by MAC alone; a router's MAC has too many."""
    wanted = {mac.lower() for host in hosts if not host.addresses for mac in host.macs}
    found: dict[str, list[str]] = defaultdict(list)
    for address, macs in traffic.carried.items() if wanted else ():
        if addresses.reach(address) in {Reach.LOCAL, Reach.PUBLIC}:
            for mac in wanted.intersection(macs):
                found[mac].append(address)
    return {mac: tuple(held) for mac, held in found.items() if len(held) <= MAX_MAC_ADDRESSES}


def _nat(
    packs: Sequence[RulePack], site: Site, known: set[str], actors: Sequence[Actor], *, wanted: bool
) -> tuple[Actor, ...]:
    """The addresses behind which the site file says that its hosts appear: each stands for every role of its packs."""
    here = {part.pack for actor in actors for part in actor.parts}
    parts = tuple(
        Part(pack.name, role.name, "the site's hosts appear behind it, says the site file")
        for pack in packs
        if wanted or pack.name in here
        for role in pack.roles
    )
    texts = [text for text in site.nat if text not in known]
    return tuple(
        Actor(text, (text,), (), parts, "site-file", shared="the site file says so") for text in texts if parts
    )


def _notes(actors: Sequence[Actor], *, stated: bool) -> tuple[str, ...]:
    """What was read into the scope."""
    lines = []
    if not stated and actors:
        lines.append("hosts in scope are inferred from what they do; a site file (analyzer site) states them")
    lines += [
        f"{actor.name} may stand for several hosts ({actor.shared}): what no rule allows there stays undetermined"
        for actor in actors
        if actor.shared
    ]
    return tuple(lines)
