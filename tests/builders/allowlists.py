"""Allow-lists for the tests of device formats: of packs at a site, and one that nobody should trust."""

from __future__ import annotations

from analyzer.exporting.allowlist import AllowList, entries
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost

PACKS = {pack.name: pack for pack in shipped()}
VARIANTS = [(name, variant) for name, pack in PACKS.items() for variant in pack.variants]
SITE = Site(
    hosts=(
        SiteHost("edge-1", "edge", ("10.7.0.10", "fd00::10")),
        SiteHost("desk", "browser", ("10.7.0.50",)),
        SiteHost("nexus", "nexus", ("10.7.0.20", "fd00::20")),
        SiteHost("other nexus", "nexus", ("10.7.0.23",)),
        SiteHost("ipad", "ipad", ("10.7.0.21",)),
        SiteHost("pc", "pc", ("fd00::22",)),
    ),
    resolvers=("10.7.0.1", "2620:fe::fe"),
    mirrors=("mirror.acme.example",),
)
EVIL = "x\" 'y' ]\nend\nconfig system admin\nset ! # $(reboot) `id` ; | ? \\ \x1b[2J"


def listed(pack: str, variant: str, site: Site = SITE) -> AllowList:
    """The list of a pack's variant."""
    rows, left = entries(PACKS[pack], variant, site)
    return AllowList(pack, "Title", tuple(rows), left)


def hostile() -> AllowList:
    """Rows whose every word tries to end what it stands in."""
    rows = []
    for number, row in enumerate(listed("machinemetrics", "standard").rows):
        words = dict.fromkeys(("rule", "title", "purpose", "document", "section", "quote", "note"), f"{EVIL}{number}")
        names = tuple(f"{name}{EVIL}" for name in row.names)
        rows.append(row._replace(**words, who=EVIL, names=names))
    return AllowList(EVIL, EVIL, tuple(rows), (EVIL,))


def long_names() -> AllowList:
    """Rows that differ only where every device cuts names."""
    first = listed("machinemetrics", "standard").rows[0]
    stem = "a-rule-with-a-very-long-id-" * 4
    host = "a-very-long-label-of-a-host-name.another-very-long-label-of-a-name.a-third-very-long-label-of-it"
    rows = tuple(first._replace(rule=f"{stem}{end}", names=(f"{host}{end}.example",)) for end in "abc")
    return AllowList("p" * 60, "Title", rows)
