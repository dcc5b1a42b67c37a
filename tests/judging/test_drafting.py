"""A draft site file."""

import io

import pytest

from analyzer.judging import draft_site, judge
from analyzer.rulepack import shipped
from analyzer.sitefile import parse, write
from tests.builders.site import API, EDGE, GOOGLE, IPAD, MACHINE, NEXUS, NOWHERE, OUTSIDE, PC, PUBLIC, RESOLVER, Scene


def plant():
    """An Edge, machines, a browser, a proxy and a resolver."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE, "focas", 8193)
    scene.poll(EDGE, "10.7.0.22", "modbus", 502)
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    scene.lookup(EDGE, API, PUBLIC, resolver=GOOGLE)
    scene.clock(EDGE, RESOLVER)
    scene.connect(EDGE, "10.7.0.8", API)
    scene.tls(PC, PUBLIC, "app.machinemetrics.com")
    scene.tls(EDGE, PUBLIC, "files.example")
    scene.tls(MACHINE, PUBLIC, API)
    return scene


def outside():
    """The same site seen from outside."""
    scene = Scene()
    scene.edge(OUTSIDE)
    scene.tls(OUTSIDE, PUBLIC, "files.example")
    return scene


def skala():
    """A NEXUS and an iPad, beside an Edge."""
    scene = plant()
    scene.lookup(IPAD, "lab1.skalanexus.com", NEXUS, resolver=RESOLVER)
    scene.tls(IPAD, NEXUS, "lab1.skalanexus.com", port=9001)
    scene.tls(NEXUS, PUBLIC, "news.example")
    return scene


def test_the_draft_says_who_is_what():
    """Roles, class and protocol, resolvers, clocks and proxies, with reasons."""
    site, why = draft_site(plant().seen(), shipped())
    assert {host.role: host.addresses for host in site.hosts if host.role != "machine"} == {
        "edge": (EDGE,),
        "browser": (PC,),
    }
    assert [(host.machine_class, host.protocol) for host in site.hosts if host.role == "machine"] == [
        ("focas", "focas"),
        ("standard", "modbus"),
    ]
    assert (site.resolvers, site.ntp, site.proxies) == ((RESOLVER,), (RESOLVER,), ("10.7.0.8:3128",))
    assert site.profiles == ("machinemetrics:standard",)
    assert set(why) == {host.name for host in site.hosts}


@pytest.mark.parametrize("scene", [plant, outside, skala])
def test_judging_with_the_draft_gives_the_same_verdicts(scene):
    """Written, read again, and judged with."""
    seen = scene()
    site, why = draft_site(seen.seen(), shipped())
    stream = io.StringIO()
    write(site, stream, [why.get(host.name, "") for host in site.hosts])
    again = parse(stream.getvalue())
    assert seen.judged(again).flows.verdict.tolist() == seen.judged().flows.verdict.tolist()


def test_a_capture_of_nobody_makes_an_empty_draft():
    """Nothing is guessed."""
    scene = Scene()
    scene.tls(PC, PUBLIC, "news.example")
    site, why = draft_site(scene.seen(), shipped())
    assert (site.hosts, site.profiles, why) == ((), (), {})


def test_a_nexus_that_its_package_fetches_tell_is_drafted_as_one():
    """The requests by which judging knows a NEXUS are looked at here as well."""
    scene = Scene()
    scene.tls(NEXUS, PUBLIC, "iot-prod.skalacontrol.com")
    scene.fetch(NEXUS, PUBLIC, "deb.example", "/debian/pool/x.deb", "Debian APT-HTTP/1.3")
    site, _ = draft_site(scene.seen(), shipped())
    assert [(host.role, host.addresses) for host in site.hosts] == [("nexus", (NEXUS,))]


def test_several_hosts_behind_one_proxy_of_two_vendors_are_drafted_as_they_are_judged():
    """An address that speaks for others stands for the hosts of every pack at the site, drafted or not."""
    scene, proxy = Scene(), "10.7.0.8"
    scene.connect(EDGE, proxy, "mm-adapter-store.s3.us-west-2.amazonaws.com")
    scene.tls(proxy, PUBLIC, "iot-prod.skalacontrol.com")
    scene.tls(proxy, PUBLIC, API)
    seen = scene.seen()
    site, _ = draft_site(seen, shipped())
    assert [judge(seen, shipped(), known).flows.verdict.tolist() for known in (site, NOWHERE)] == [["expected"] * 3] * 2
