"""A draft site file from a capture: who seems to be what, and why."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.place import Actor, lists
from analyzer.judging.roles import cast
from analyzer.judging.traffic import Traffic, traffic_for
from analyzer.judging.variants import seen_at
from analyzer.observations import Observations
from analyzer.rulepack import RulePack
from analyzer.sitefile import Site, SiteHost


def draft_site(seen: Observations, packs: Sequence[RulePack]) -> tuple[Site, dict[str, str]]:
    """The site as the capture shows it, and per host (by name) why it is taken for what it is.

    Judging with the draft gives the verdicts that judging without a site file gives.
    """
    traffic = traffic_for(seen, packs)
    who, signs = cast(seen, traffic, packs, Site(), ())
    hosts, why = [], {}
    for actor in who.actors:
        if actor.shared:
            why[actor.name] = actor.shared
            continue
        for number, part in enumerate(actor.parts):
            name = f"{part.role} {actor.addresses[0]}"
            hosts.append(
                SiteHost(name, part.role, actor.addresses, actor.macs if number == 0 else (), *_machine(actor))
            )
            why[name] = part.why
    profiles = []
    for pack in who.packs:
        here = [address for actor in who.actors if actor.roles(pack.name) for address in actor.addresses]
        variants = tuple(seen_at(pack, signs[pack.name], here))
        profiles += [f"{pack.name}:{variant}" for variant in variants] or [pack.name]
    known = lists(seen, Site())
    resolvers = sorted({*known["resolver"], *_serving(traffic, "dns", 53)} - {""})
    clocks = sorted({*known["ntp"], *_serving(traffic, "ntp", 123)} - {""})
    site = Site(
        profiles=tuple(profiles)
        if hosts
        else (),  # asked for, a pack is told by less: others would be taken for its hosts
        hosts=tuple(hosts),
        nat=tuple(address for actor in who.actors if actor.shared for address in actor.addresses),
        resolvers=tuple(resolvers),
        ntp=tuple(clocks),
        proxies=_proxies(traffic),
    )
    return site, why


def _machine(actor: Actor) -> tuple[str, str]:
    """Class and protocol of a machine, empty for all others."""
    return actor.machine_class, actor.protocol


def _serving(traffic: Traffic, service: str, port: int) -> set[str]:
    """Local addresses that answered a service on its port."""
    flows = traffic.seen.flows
    rows = (flows.resp_p == port) & (flows.service == service) & (flows.resp_packets > 0)
    return {address for address in flows.resp_h[rows] if addresses.reach(address) is Reach.LOCAL}


def _proxies(traffic: Traffic) -> tuple[str, ...]:
    """Addresses with ports that answered requests which only a proxy gets."""
    flows, http = traffic.seen.flows, traffic.seen.http
    found = set()
    for row in range(len(http.flow)):
        if http.form[row] in {"absolute", "authority"} and http.status[row] > 0:
            address = flows.resp_h[http.flow[row]]
            found.add(
                f"[{address}]:{flows.resp_p[http.flow[row]]}"
                if ":" in address
                else f"{address}:{flows.resp_p[http.flow[row]]}"
            )
    return tuple(sorted(found))
