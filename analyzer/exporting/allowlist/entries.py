"""What a site's firewall has to let through for one document: rows for people and devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analyzer import addresses
from analyzer.rulepack import Rule, RulePack
from analyzer.sitefile import Site

SITE_LISTS = {"resolver": "resolvers", "ntp": "ntp", "mirror": "mirrors"}
"""Roles of responders that a site file lists."""

SERVICES: Mapping[tuple[str, ...], str] = {("dns",): "resolver", ("ntp",): "ntp"}
"""Payloads that such a role serves."""

LISTED = "the destination is the site file's"
ANYBODY = "the document names no destination: any is let through"
WITHIN = "stays within the site"


class UnheldError(ValueError):
    """A list of which a format can hold nothing; its text says why."""


class Entry(NamedTuple):
    """A row of the allow-list: who may open connections to whom, and why.

    sources    addresses of the role's hosts in the site file; empty where it names none
    ports      port and transport; empty for any
    names, addresses  whom; both empty for anybody; addresses are where the names are, where both are given
    payload    what runs there
    bypass     whether it is TLS that the document forbids to inspect
    general    the host is a person's computer or tablet, which goes elsewhere as well
    within     the destination is on the site; without names and addresses it is any host there
    note       what a reader has to know of the destination
    """

    who: str
    sources: tuple[str, ...]
    ports: tuple[tuple[int, str], ...]
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    payload: tuple[str, ...]
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
    within: bool
    note: str

    @property
    def open(self) -> bool:
        """Whether any destination is meant."""
        return not self.names and not self.addresses and not self.within

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The names that stand for all names below one."""
        return tuple(name for name in self.names if name.startswith("*"))

    @property
    def exact(self) -> tuple[str, ...]:
        """The names that stand for themselves."""
        return tuple(name for name in self.names if not name.startswith("*"))


class AllowList(NamedTuple):
    """All rows of a document's variant.

    name     the pack's
    title    the document's, with the variant
    left     why which rules make no row, in words
    updated  date and time (RFC 3339), for formats that hold one
    url      where the list will be served, for formats that say so
    own      the site's networks, as its site file tells them
    """

    name: str
    title: str
    rows: tuple[Entry, ...]
    left: tuple[str, ...] = ()
    updated: str = ""
    url: str = ""
    own: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """What the list is, in a line."""
        return f"{self.title}: what the firewall lets through"

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that the rows are about."""
        return tuple(dict.fromkeys(entry.who for entry in self.rows))


class Exported(NamedTuple):
    """The allow-list as text, and what the format cannot hold, in words."""

    text: str
    notes: tuple[str, ...]


class _Whom(NamedTuple):
    """The destination of a rule; or why it has none here."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    within: bool = False
    note: str = ""
    left: str = ""


def entries(
    pack: RulePack, variant: str = "", site: Site | None = None, *, role: str = "", within: bool = False
) -> tuple[list[Entry], tuple[str, ...]]:
    """The rows of a pack's variant and a role (of all where none is told), and in words which rules make none, and why.

    What the site file lists stands in for what the document leaves open. What is between hosts of the site, such as
    machines, passes no firewall to the outside: it makes rows only where `within` asks for them.
    """
    place = site or Site()
    exempt = _exempt(pack, variant)
    made = []
    left: dict[str, list[str]] = defaultdict(list)
    for rule in pack.rules:
        meant = [who for who in rule.who if role in {"", who}]
        if rule.kind != "destination" or not _holds(rule, variant) or not meant:
            continue
        whom = _whom(rule, place)
        why = WITHIN if whom.within and not within else whom.left
        if why:
            left[why].append(rule.id)
        else:
            made += [_entry(pack, rule, who, whom, place, bypass=(rule.id, who) in exempt) for who in meant]
    return made, tuple(f"left out, {why}: {', '.join(ids)}" for why, ids in left.items())


def _whom(rule: Rule, site: Site) -> _Whom:
    """Whom a rule means at this site."""
    to = rule.to
    if to.role in SITE_LISTS:
        listed = _listed(site, to.role)
        return listed or _Whom(left=f"the site file lists no {SITE_LISTS[to.role]}")
    held = to.at or to.addresses
    if to.role or (held and all(_is_inside(one, site) for one in held)):
        return _Whom(to.names, held, within=True)
    if to.names or held:
        return _Whom(to.names, held)
    return _listed(site, _service(rule)) or _Whom(note=ANYBODY)


def _listed(site: Site, role: str) -> _Whom | None:
    """What the site file lists for a role, names apart from addresses; None where it lists nothing."""
    told: Iterable[str] = getattr(site, SITE_LISTS[role]) if role else ()
    names = tuple(one for one in told if addresses.network(one) is None)
    numbers = tuple(one for one in told if addresses.network(one) is not None)
    return _Whom(names, numbers, note=LISTED) if told else None


def _service(rule: Rule) -> str:
    """The role whose hosts serve what a rule without a destination is about; empty where no site file lists any."""
    if rule.to.user_agents or rule.to.paths:
        return "mirror"
    return SERVICES.get(rule.to.payload, "")


def _entry(pack: RulePack, rule: Rule, who: str, whom: _Whom, site: Site, *, bypass: bool) -> Entry:  # noqa: PLR0913 - what a row is made of
    sources = tuple(address for host in site.hosts if host.role == who for address in host.addresses)
    ports = tuple((port.number, port.proto) for port in rule.to.ports)
    cite = rule.cite
    return Entry(
        who, sources, ports, whom.names, whom.addresses, rule.to.payload, rule.purpose, rule.id, rule.title,
        cite.document or pack.document, cite.section, cite.row, " ".join(cite.quote.split()), rule.basis.value,
        rule.required, bypass, any(role.general for role in pack.roles if role.name == who),
        whom.within, whom.note,
    )  # fmt: skip


def _holds(rule: Rule, variant: str) -> bool:
    return not variant or not rule.variants or variant in rule.variants


def _exempt(pack: RulePack, variant: str) -> set[tuple[str, str]]:
    """The rules, and whose flows of them, of which nobody may open the TLS."""
    found: set[tuple[str, str]] = set()
    for rule in pack.rules:
        if rule.kind == "no-interception" and _holds(rule, variant):
            named: Sequence[str] = rule.options.get("rules") or ()
            meant = pack.select(named) if named else pack.rules
            found |= {(one.id, who) for one in meant if _is_tls(one) for who in one.who if who in rule.who}
    return found


def _is_tls(rule: Rule) -> bool:
    return not rule.to.payload or "tls" in rule.to.payload


def own_networks(site: Site) -> tuple[str, ...]:
    """The networks that a site file tells to be the site's."""
    return site.company_networks + site.machine_networks


def _is_inside(text: str, site: Site) -> bool:
    """Whether an address or network is of sites' own: private, or one of this site's networks."""
    meant = addresses.network(text)
    own = [addresses.network(one) for one in own_networks(site)]
    return meant is not None and any(
        net.version == meant.version and meant.subnet_of(net)  # type: ignore[arg-type]  # same version, as asked before
        for net in (*addresses.LOCAL, *own)
        if net is not None
    )
