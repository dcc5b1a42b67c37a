"""Hosts of two roles share a subnet, as the document recommends; what it accepts instead is told as what it is."""

from __future__ import annotations

from analyzer import addresses
from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, common, listed
from analyzer.judging.place import Actor
from analyzer.rulepack import Rule

KIND = "same-subnet"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Holds where each host has a peer in its subnet, or exchanges data with one in another; else not observed."""
    peers = case.cast.playing(case.book.pack.name, (str(rule.options["peer"]),))
    others = set(peers)
    hosts = [actor for actor in case.singles(rule) if actor not in others]
    if not hosts or not peers:
        return Answer(Outcome.NOT_OBSERVED, f"no {' or '.join(rule.who)} with a {rule.options['peer']} was seen")
    if not len(case.touching(hosts)) or not len(case.touching(peers)):
        return Answer(
            Outcome.NOT_OBSERVED, f"no flow of {listed(actor.name for actor in (*hosts, *peers))} is in the capture"
        )
    near = {place for peer in peers for place in _places(case, peer)}
    apart = [host for host in hosts if near.isdisjoint(_places(case, host))]
    rows = common(case.touching(hosts), case.touching(peers))
    if not apart:
        told = f"{listed(actor.name for actor in (*hosts, *peers))} share a subnet, as far as addresses tell"
        return Answer(Outcome.HOLDS, told, rows)
    names = (
        f"{listed(actor.name for actor in apart)} and {listed(peer.name for peer in peers)} are in different subnets"
    )
    if any(ruling.plain is Verdict.EXPECTED for ruling in case.ruled(rows.tolist())):
        return Answer(Outcome.HOLDS, f"{names}, which the document accepts, and traffic passes between them", rows)
    tells = "what would tell: the subnet mask of either device, or a capture while the two talk"
    return Answer(Outcome.NOT_OBSERVED, f"{names}, and no traffic that worked between them is in the capture; {tells}")


def _places(case: Case, actor: Actor) -> set[object]:
    """Where a host is: in networks of the site file, and in subnets by the usual mask."""
    site = case.cast.site
    nets = (*site.company_networks, *site.machine_networks)
    named = {net for net in nets for address in actor.addresses if addresses.within_texts(address, (net,))}
    return {*named, *filter(None, map(addresses.subnet, actor.addresses))}
