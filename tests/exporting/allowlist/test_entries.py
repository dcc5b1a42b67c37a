"""What a site's firewall has to let through."""

from __future__ import annotations

import pytest

from analyzer.exporting.allowlist import AllowListError, entries, export
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost

PACKS = {pack.name: pack for pack in shipped()}
MACHINES, SKALA = PACKS["machinemetrics"], PACKS["skala"]
PLACE = Site(
    hosts=(SiteHost("edge-1", "edge", ("10.7.0.10", "fd00::10")), SiteHost("desk", "browser", ("10.7.0.50",))),
    resolvers=("10.7.0.1",),
)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_documented_destination_beyond_the_site_is_there(pack):
    """Of the variant, and of no other; machines are on the site."""
    for variant in pack.variants:
        rows = {entry.rule for entry in entries(pack, variant)}
        wanted = {
            rule.id
            for rule in pack.rules
            if rule.kind == "destination"
            and rule.basis.value == "documented"
            and not rule.to.role
            and (not rule.variants or variant in rule.variants)
        }
        others = {rule.id for rule in pack.rules if rule.variants and variant not in rule.variants}
        assert wanted <= rows
        assert not others & rows


def test_the_site_file_tells_addresses():
    """Those of each role's hosts, and resolvers where the site has its own."""
    rows = entries(MACHINES, "standard", PLACE)
    sources = {entry.who: entry.sources for entry in rows}
    assert sources == {"edge": ("10.7.0.10", "fd00::10"), "browser": ("10.7.0.50",)}
    assert [entry.addresses for entry in rows if entry.rule == "mm-dns-override"] == [("10.7.0.1",)]
    assert "mm-dns-override" not in {entry.rule for entry in entries(MACHINES, "standard")}


def test_what_may_not_be_inspected_is_marked():
    """All TLS of the Edge to the document's destinations; SKALA's document forbids nothing of the kind."""
    rows = entries(MACHINES, "standard")
    assert {entry.rule for entry in rows if entry.bypass and entry.who == "edge"} >= {"mm-std-api", "mm-nats-std-1"}
    assert not any(entry.bypass for entry in entries(SKALA, "eu"))


def test_peoples_computers_are_told_apart():
    """They go elsewhere as well."""
    assert {entry.who: entry.general for entry in entries(MACHINES, "standard")} == {"edge": False, "browser": True}


@pytest.mark.parametrize(
    ("variant", "form", "said"), [("mars", "csv", "has the variants"), ("", "cisco", "none of csv")]
)
def test_what_is_not_there_is_told(variant, form, said):
    """With what is."""
    with pytest.raises(AllowListError, match=said):
        export(MACHINES, variant, None, form)
