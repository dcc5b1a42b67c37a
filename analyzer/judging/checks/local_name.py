"""A name that must resolve to a local address does so, although resolvers like to strip such answers."""

from __future__ import annotations

from collections import defaultdict

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Finding, Outcome
from analyzer.judging.case import Answer, Case, count, listed
from analyzer.judging.lookups import Lookup
from analyzer.judging.patterns import Names
from analyzer.judging.reports import Claim, finding, rows_of
from analyzer.rulepack import Rule

KIND = "local-name"
CODE = "local-name-stripped"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails where a resolver that answers other names gives none, or another, address for such a name."""
    dns, meant = case.seen.dns, Names(rule.to.names)
    asked = [
        lookup
        for lookup in case.cast.lookups.all
        if dns.rcode_name[lookup.row] and dns.qtype_name[lookup.row] == "A" and meant.mean(lookup.name)
    ]
    if not asked:
        return Answer(Outcome.NOT_OBSERVED, f"nobody asked for {listed(rule.to.names)} in the capture")
    good = [lookup for lookup in asked if _local(lookup)]
    able = _resolving_others(case, meant)
    bad = [lookup for lookup in asked if not _local(lookup) and lookup.resolver in able]
    flows = rows_of(int(dns.flow[lookup.row]) for lookup in asked)
    if bad:
        findings = _findings(rule, case, bad, answered=bool(good))
        told = listed(f"{lookup.name} at {lookup.resolver}: {_answer(case, lookup)}" for lookup in bad)
        return Answer(Outcome.FAILS, f"{count(len(bad), 'lookup')} without a local address: {told}", flows, findings)
    if good:
        told = listed(f"{lookup.name} is {', '.join(lookup.told)}" for lookup in good)
        return Answer(Outcome.HOLDS, f"{count(len(good), 'lookup')}: {told}", flows)
    return Answer(Outcome.NOT_OBSERVED, f"{count(len(asked), 'lookup')} failed, as did those of other names", flows)


def _local(lookup: Lookup) -> bool:
    """Whether a local address was told."""
    return any(addresses.reach(address) is Reach.LOCAL for address in lookup.told)


def _resolving_others(case: Case, meant: Names) -> set[str]:
    """The resolvers that told some client an address for some other name."""
    return {other.resolver for other in case.cast.lookups.all if other.told and not meant.mean(other.name)}


def _answer(case: Case, lookup: Lookup) -> str:
    """What was answered, in words."""
    rcode = case.seen.dns.rcode_name[lookup.row]
    if rcode != "NOERROR":
        return str(rcode)
    return f"answered {', '.join(lookup.told)}" if lookup.told else "an answer without an address"


def _findings(rule: Rule, case: Case, bad: list[Lookup], *, answered: bool) -> tuple[Finding, ...]:
    """One finding for each name and resolver."""
    grouped: dict[tuple[str, str], list[Lookup]] = defaultdict(list)
    for lookup in bad:
        grouped[lookup.name, lookup.resolver].append(lookup)
    dns = case.seen.dns
    made = []
    for (name, resolver), lookups in grouped.items():
        other = "; another lookup of such a name got its local address" if answered else ""
        actor = case.cast.at(lookups[0].client)
        claim = Claim(
            CODE,
            f"{name} got no usable answer from the resolver {resolver}",
            f"{_answer(case, lookups[0])}, while other names resolve{other}",
            actor.name if actor else lookups[0].client,
            rule.severity,
            frames=tuple(int(dns.answer_frame[lookup.row]) for lookup in lookups[:3]),
        )
        made.append(finding(case, rule, claim, rows_of(int(dns.flow[lookup.row]) for lookup in lookups)))
    return tuple(made)
