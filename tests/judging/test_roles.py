"""Who is in scope."""

import pytest

from analyzer.judging.roles import profile
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, EDGE, MACHINE, MACS, OUTSIDE, PC, PUBLIC, Scene, verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [("skala", ("skala", "")), ("machinemetrics:govcloud", ("machinemetrics", "govcloud")), ("", ("", ""))],
)
def test_a_profile_is_a_pack_and_perhaps_a_variant(text, expected):
    """As --profile and the site file write it."""
    assert tuple(profile(text)) == expected


def test_the_site_file_names_who_is_in_scope():
    """Nobody else is judged, whatever he does."""
    scene = Scene()
    edge, other = scene.tls(EDGE, PUBLIC, "files.example"), scene.edge("10.7.0.11")
    made = scene.judged(Site(hosts=(SiteHost("edge-1", "edge", (EDGE,)), SiteHost("dns", "resolver", ("10.7.0.1",)))))
    assert [verdict(made, row) for row in (edge, other)] == ["unexpected", "not_judged"]
    assert [(host.host, host.role, host.basis, host.judged) for host in made.hosts] == [
        ("edge-1", "edge", "site-file", True),
        ("dns", "resolver", "site-file", False),
    ]


def test_a_site_file_without_hosts_leaves_them_to_be_found():
    """What it says of resolvers holds all the same."""
    scene = Scene()
    scene.edge()
    row = scene.lookup(EDGE, API, PUBLIC, resolver="9.9.9.9")
    made = scene.judged(Site(resolvers=("9.9.9.9",)))
    assert (verdict(made, row), made.hosts[0].basis) == ("expected", "inferred")


def test_a_host_with_two_addresses_is_one():
    """An Edge with a port on each network."""
    scene = Scene()
    rows = [scene.tls(EDGE, PUBLIC, API), scene.poll("192.168.50.1", "192.168.50.21")]
    made = scene.judged(Site(hosts=(SiteHost("edge-1", "edge", (EDGE, "192.168.50.1")),)))
    assert [verdict(made, row) for row in rows] == ["expected", "expected"]
    assert [host.host for host in made.hosts] == ["edge-1"]


def test_a_host_may_be_named_by_its_mac():
    """Its addresses are those behind the MAC; a router's MAC has too many."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, API)
    site = Site(hosts=(SiteHost("edge-1", "edge", (), (MACS[EDGE].upper(),)),))
    assert verdict(scene.judged(site), row) == "expected"
    for number in range(5):
        scene.tls(f"10.7.1.{number}", PUBLIC, API, orig_mac=MACS[EDGE])
    assert verdict(scene.judged(site), row) == "not_judged"


def test_a_host_may_be_named_in_two_roles():
    """One PC, the browser of one vendor and the PC of the other."""
    scene = Scene()
    rows = [scene.tls(PC, PUBLIC, "app.machinemetrics.com"), scene.tls(PC, PUBLIC, "skalacontrol.io")]
    made = scene.judged(Site(hosts=(SiteHost("pc", "browser", (PC,)), SiteHost("pc too", "pc", (PC,)))))
    assert [verdict(made, row) for row in rows] == ["expected", "expected"]


def test_the_sites_nat_addresses_stand_for_every_role():
    """Outside the firewall the site's hosts have one address."""
    scene = Scene()
    good, bad = scene.tls(OUTSIDE, PUBLIC, API), scene.tls(OUTSIDE, PUBLIC, "files.example")
    site = Site(hosts=(SiteHost("edge-1", "edge", (EDGE,)),), nat=(OUTSIDE,))
    made = scene.judged(site)
    assert [verdict(made, row) for row in (good, bad)] == ["expected", "undetermined"]


def test_only_the_packs_that_are_asked_for_are_judged():
    """The command line goes before the site file."""
    scene = Scene()
    scene.edge()
    assert scene.judged(Site(profiles=("skala",))).packs == ("skala",)
    assert scene.judged(Site(profiles=("skala",)), profiles=["machinemetrics"]).packs == ("machinemetrics",)


def test_nothing_seen_is_nothing_judged():
    """Without a host of any pack there is no pack, and a note says so."""
    scene = Scene()
    scene.tls(MACHINE, PUBLIC, "news.example")
    made = scene.judged()
    assert (made.packs, made.rules, made.fails) == ((), (), False)
    assert made.notes == ("no host of any rule pack is in the capture: nothing is judged",)
