"""A resolver answers for a public name with an address that leads nowhere, or to a block page.

Fact    the answers are all unspecified (0.0.0.0, ::), loopback, private, or an address of a filter's block page; or
        one address for names of three operators or more.
Leans   blocked, strong and by itself, for the unspecified, loopback and known block-page addresses, and where another
        resolver gave public ones; suggestive for a private address. Undetermined where a connection to the private
        address then worked: a mirror of the site's own.
Blind   split-horizon DNS answers with private addresses on purpose; names that are local by design (*.skalanexus.com)
        are left out. Operators may share one address of a hosting network.
Source  RFC 1122 section 3.2.1.3; RFC 1918; RFC 4291 section 2.5; RFC 8499 (split DNS).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import products
from analyzer.judging.detectors.dns_nxdomain import Reading, evidence
from analyzer.judging.lookups import Lookup, operator
from analyzer.judging.vantage import Vantage, another

CODE = "dns-sinkholed"
STAGE = "dns"
SILENT = False
TITLE = "{host} was sent nowhere when it asked for {whom}"
RIVALS: tuple[str, ...] = (
    "split-horizon DNS: the site answers with an address of its own on purpose",
    "a list on the resolver that blocks advertising took the name along",
)
REMEDY = "Take the name out of the resolver's filter (DNS firewall, response policy zone, ad list)."
OPERATORS = 3


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each lookup whose answer leads nowhere."""
    asked = [(lookup, flow) for lookup, flow, _ in view.asked() if lookup.told and not view.local.mean(lookup.name)]
    sinks = _sinks(lookup for lookup, _ in asked)
    for lookup, flow in asked:
        read = _read(view, lookup, sinks)
        if read is not None:
            yield evidence(view, CODE, flow, lookup, read)


def _sinks(asked: Iterator[Lookup]) -> frozenset[tuple[str, str]]:
    """Resolvers and addresses with which they answered for names of several operators."""
    operators: dict[tuple[str, str], set[str]] = defaultdict(set)
    for lookup in asked:
        for address in lookup.told:
            operators[lookup.resolver, address].add(operator(lookup.name))
    return frozenset(key for key, names in operators.items() if len(names) >= OPERATORS)


def _read(view: Vantage, lookup: Lookup, sinks: frozenset[tuple[str, str]]) -> Reading | None:
    """What an answer is where it leads nowhere, None where it leads somewhere."""
    public = view.public_answers.get(lookup.name, {})
    if lookup.resolver in public:
        good = not any(
            (lookup.resolver, address) in sinks or products.block_page_address(address) for address in lookup.told
        )
        if good:
            return None
    told, detail = ", ".join(lookup.told[:3]), f"{lookup.resolver} answers {lookup.name} with"
    reaches = {addresses.reach(address) for address in lookup.told}
    if reaches == {Reach.NOBODY}:
        return Reading(Verdict.BLOCKED, Strength.STRONG, f"{detail} {told}, which is no host", alone=True)
    pages = [page for address in lookup.told if (page := products.block_page_address(address))]
    if pages:
        return Reading(Verdict.BLOCKED, Strength.STRONG, f"{detail} {told}, a block page of {pages[0]}", alone=True)
    if any((lookup.resolver, address) in sinks for address in lookup.told):
        return Reading(Verdict.BLOCKED, Strength.STRONG, f"{detail} {told}, as it does for unrelated names", alone=True)
    if reaches != {Reach.LOCAL}:
        return None
    elsewhere = another(public, lookup.resolver)
    if elsewhere is not None:
        told = f"{told}, a private address; {elsewhere.resolver} gave {elsewhere.told[0]}"
        return Reading(Verdict.BLOCKED, Strength.STRONG, f"{detail} {told}", alone=True)
    if any((lookup.client, address) in view.talked for address in lookup.told):
        return Reading(Verdict.UNDETERMINED, Strength.SUGGESTIVE, f"{detail} {told}, a private address that serves it")
    return Reading(Verdict.BLOCKED, Strength.SUGGESTIVE, f"{detail} {told}, a private address")
