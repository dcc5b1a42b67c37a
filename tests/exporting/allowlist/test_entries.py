"""What a site's firewall has to let through."""

from __future__ import annotations

import dataclasses
import re

import pytest

from analyzer.exporting.allowlist import FORMATS, AllowListError, entries, export
from analyzer.findings import Basis, Cite, Severity
from analyzer.rulepack import Destination, Port, Rule, shipped
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
        rows = {entry.rule for entry in entries(pack, variant)[0]}
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
    rows, _ = entries(MACHINES, "standard", PLACE)
    sources = {entry.who: entry.sources for entry in rows}
    assert sources == {"edge": ("10.7.0.10", "fd00::10"), "browser": ("10.7.0.50",)}
    assert [entry.addresses for entry in rows if entry.rule == "mm-dns-override"] == [("10.7.0.1",)]
    rows, left = entries(MACHINES, "standard")
    assert "mm-dns-override" not in {entry.rule for entry in rows}
    assert "left out, the site file lists no resolvers: mm-dns-override, mm-out-dns-tcp" in left


def test_what_may_not_be_inspected_is_marked():
    """All TLS of the Edge to the document's destinations; SKALA's document forbids nothing of the kind."""
    rows, _ = entries(MACHINES, "standard")
    assert {entry.rule for entry in rows if entry.bypass and entry.who == "edge"} >= {"mm-std-api", "mm-nats-std-1"}
    assert not any(entry.bypass for entry in rows if entry.who == "browser")
    assert not any(entry.bypass for entry in rows if entry.payload in {("dns",), ("ntp",)})
    assert not any(entry.bypass for entry in entries(SKALA, "eu")[0])


def test_peoples_computers_are_told_apart():
    """They go elsewhere as well."""
    assert {entry.who: entry.general for entry in entries(MACHINES, "standard")[0]} == {"edge": False, "browser": True}


def test_no_destination_is_left_out_without_a_word():
    """Each rule of a variant makes a row, or stands among those that are left out, with the reason."""
    for pack in PACKS.values():
        for variant in pack.variants:
            for site in (None, PLACE):
                rows, left = entries(pack, variant, site)
                told = {entry.rule for entry in rows} | set(re.findall(r"[a-z0-9-]+", " ".join(left)))
                wanted = {
                    rule.id
                    for rule in pack.rules
                    if rule.kind == "destination" and (not rule.variants or variant in rule.variants)
                }
                assert wanted <= told


def test_what_the_document_leaves_open_is_held():
    """Name resolution, time and packages go anywhere, by their ports, or to whom the site file lists."""
    held = {entry.rule: entry for entry in entries(SKALA, "global")[0] if entry.who == "nexus"}
    for rule in ("sk-dns", "sk-packages", "sk-ntp-provider"):
        assert held[rule].open
        assert "any is let through" in held[rule].note
    assert held["sk-dns"].ports == ((53, "udp"), (53, "tcp"))
    listed = Site(resolvers=("9.9.9.9",), ntp=("2001:db8::123",), mirrors=("mirror.acme.example",))
    held = {entry.rule: entry for entry in entries(SKALA, "global", listed)[0] if entry.who == "nexus"}
    assert held["sk-dns"].addresses == ("9.9.9.9",)
    assert held["sk-ntp-provider"].addresses == ("2001:db8::123",)
    for rule in ("sk-packages", "sk-packages-mirror"):
        assert (held[rule].names, held[rule].addresses) == (("mirror.acme.example",), ())


OWN = Site(company_networks=("198.51.100.0/24",))


@pytest.mark.parametrize(
    ("address", "site", "within"),
    [
        ("203.0.0.0/16", None, False), ("17.0.0.0/8", None, False), ("10.1.2.3", None, True),
        ("192.168.4.0/24", None, True), ("192.0.0.0/8", None, False), ("fd12::/64", None, True),
        ("2001:db8::/32", None, False), ("198.51.100.8", OWN, True), ("198.51.100.8", None, False),
        ("198.51.0.0/16", OWN, False),
    ],
)  # fmt: skip
def test_what_is_inside_is_told_by_what_addresses_are(address, site, within):
    """Not by how long a prefix is; a site file's own networks are inside too."""
    cite = Cite("d", "s", 1, "q")
    to = Destination(addresses=(address,), ports=(Port(443, "tcp"),))
    rule = Rule("a-rule", "destination", Basis.DOCUMENTED, cite, "t", ("edge",), to, Severity.LOW, 1)
    rows, left = entries(dataclasses.replace(MACHINES, rules=(rule,)), "standard", site)
    assert (len(rows), left) == ((0, ("left out, stays within the site: a-rule",)) if within else (1, ()))


@pytest.mark.parametrize(
    ("variant", "form", "said"), [("mars", "csv", "has the variants"), ("", "cisco", "none of csv")]
)
def test_what_is_not_there_is_told(variant, form, said):
    """With what is."""
    with pytest.raises(AllowListError, match=said):
        export(MACHINES, variant, None, form)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_a_site_that_lists_names(form):
    """Mirrors are names, resolvers and time servers of both families of addresses."""
    hosts = (SiteHost("n", "nexus", ("10.7.0.20", "fd00::20")), SiteHost("i", "ipad", ("10.7.0.21",)))
    site = Site(hosts=hosts, mirrors=("mirror.acme.example",), resolvers=("9.9.9.9", "2620:fe::fe"), ntp=("10.7.0.1",))
    assert export(SKALA, "global", site, form, role="nexus", updated="2026-01-02T03:04:05+00:00").text


@pytest.mark.parametrize("form", FORMATS)
def test_what_goes_anywhere_is_told_beside_every_format(form):
    """By rule, unless the site file tells where it goes."""
    hosts = (SiteHost("n", "nexus", ("10.7.0.20",)),)
    told = "the document names no destination: any is let through, by sk-packages, sk-ntp-provider, sk-dns"
    assert told in export(SKALA, "global", Site(hosts=hosts), form, role="nexus").notes
    listed = Site(hosts=hosts, mirrors=("mirror.acme.example",), resolvers=("9.9.9.9",), ntp=("10.7.0.1",))
    assert not any("any is let through" in note for note in export(SKALA, "global", listed, form, role="nexus").notes)


@pytest.mark.parametrize("form", FORMATS)
def test_a_list_can_be_of_one_role(form):
    """What only another role needs is not in it; a role that needs nothing is told."""
    hosts = tuple(SiteHost(role, role, (f"10.7.0.{at}",)) for at, role in enumerate(("nexus", "ipad", "pc")))
    text = export(SKALA, "global", Site(hosts=hosts), form, role="nexus").text
    assert "skalacontrol.io" not in text
    notes = export(SKALA, "global", Site(hosts=hosts), form, role="nexus").notes
    assert not any("sk-nexus-address" in note for note in notes)
    with pytest.raises(AllowListError, match="for nexus, ipad, pc, not for 'edge'"):
        export(SKALA, "global", None, form, role="edge")
