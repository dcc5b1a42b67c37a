"""What a site's firewall has to let through for one document: rows for people and devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from analyzer.findings import Basis
from analyzer.rulepack import Rule, RulePack
from analyzer.sitefile import Site

SITE_LISTS = {"resolver": "resolvers", "ntp": "ntp", "mirror": "mirrors"}
"""Roles of responders that a site file lists."""


class Entry(NamedTuple):
    """A row of the allow-list: who may open connections to whom, and why.

    sources    addresses of the role's hosts in the site file; empty where it names none
    ports      port and transport; empty for any
    names, addresses  whom; both empty for anybody
    bypass     whether the document forbids to inspect it
    general    the host is a person's computer or tablet, which goes elsewhere as well
    """

    who: str
    sources: tuple[str, ...]
    ports: tuple[tuple[int, str], ...]
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    purpose: str
    rule: str
    title: str
    document: str
    section: str
    row: int
    quote: str
    basis: str
    required: bool
    bypass: bool
    general: bool


def entries(pack: RulePack, variant: str = "", site: Site | None = None) -> list[Entry]:
    """The rows of a pack's variant (of all where none is told), with a site's addresses where they are known.

    What is between hosts of the site, such as machines, passes no firewall to the outside and is left out; so is what
    the document itself cannot tell, by name or address, and the site file does not either.
    """
    place = site or Site()
    exempt = _exempt(pack, variant)
    made = []
    for rule in pack.rules:
        if rule.kind != "destination" or not _holds(rule, variant) or rule.to.unnamed:
            continue
        addresses = rule.to.at or rule.to.addresses
        if rule.to.role:
            listed = getattr(place, SITE_LISTS[rule.to.role]) if rule.to.role in SITE_LISTS else ()
            addresses = tuple(listed)
            if not addresses:
                continue
        elif _is_inside(addresses) or (rule.basis is Basis.READING and not (rule.to.names or addresses)):
            continue
        made += [_entry(pack, rule, who, addresses, place, bypass=rule.id in exempt) for who in rule.who]
    return made


def _entry(  # noqa: PLR0913 - what a row is made of
    pack: RulePack, rule: Rule, who: str, addresses: tuple[str, ...], site: Site, *, bypass: bool
) -> Entry:
    sources = tuple(address for host in site.hosts if host.role == who for address in host.addresses)
    ports = tuple((port.number, port.proto) for port in rule.to.ports)
    cite, whom = rule.cite, rule.to.names
    return Entry(
        who, sources, ports, whom, addresses, rule.purpose, rule.id, rule.title, cite.document or pack.document,
        cite.section, cite.row, " ".join(cite.quote.split()), rule.basis.value, rule.required, bypass,
        any(role.general for role in pack.roles if role.name == who),
    )  # fmt: skip


def _holds(rule: Rule, variant: str) -> bool:
    return not variant or not rule.variants or variant in rule.variants


def _exempt(pack: RulePack, variant: str) -> set[str]:
    """The rules whose TLS nobody may open."""
    found: set[str] = set()
    for rule in pack.rules:
        if rule.kind == "no-interception" and _holds(rule, variant):
            named: Sequence[str] = rule.options.get("rules") or ()
            meant = pack.select(named) if named else pack.rules
            found |= {one.id for one in meant if set(one.who) & set(rule.who)}
    return found


def _is_inside(addresses: Sequence[str]) -> bool:
    """Whether addresses are networks of any site's own."""
    return any(address.endswith(("/8", "/12", "/16", "/7", "/10")) for address in addresses)
