"""The NEXUS keeps one address."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import BEGIN, IPAD, MACS, NEXUS, PUBLIC, S, Scene, codes, outcome

RULE = "sk-nexus-stable"
NAME = "lab1.skalanexus.com"


def lab(duration_s=120):
    """An iPad that reaches a NEXUS by its name."""
    scene = Scene(duration_s)
    scene.lookup(IPAD, NAME, NEXUS)
    scene.tls(IPAD, NEXUS, NAME, port=9001)
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    return scene


@pytest.mark.parametrize(("duration_s", "expected"), [(120, "not_observed"), (100_000, "holds")])
def test_one_address_over_a_day_holds(duration_s, expected):
    """Less shows nothing of a lease."""
    made = lab(duration_s).judged()
    assert (outcome(made, RULE), codes(made)) == (expected, [])


def test_a_lease_is_a_finding():
    """By DHCP the address may change."""
    scene = lab()
    scene.lease(MACS[NEXUS])
    made = scene.judged()
    assert (outcome(made, RULE), codes(made)) == ("fails", ["address-by-dhcp"])


def test_two_macs_are_a_finding():
    """Wi-Fi after Ethernet; behind a router, whose MAC others have too, it tells nothing."""
    scene = lab()
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com", orig_mac="00:16:3e:00:00:61")
    assert codes(scene.judged()) == ["two-macs"]
    scene.tls("10.7.0.99", PUBLIC, "news.example", orig_mac="00:16:3e:00:00:61")
    assert codes(scene.judged()) == []


def test_a_name_that_moved_is_a_finding():
    """Two addresses within one capture."""
    scene = lab()
    scene.lookup(IPAD, NAME, "10.7.0.70")
    made = scene.judged()
    assert (outcome(made, RULE), codes(made)[0]) == ("fails", "stale-name")


def test_a_name_that_still_stands_for_the_old_address_is_a_finding():
    """The site file knows where the NEXUS is."""
    scene = Scene()
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    scene.lookup(IPAD, NAME, "10.7.0.70")
    hosts = (SiteHost("nexus", "nexus", (NEXUS,)), SiteHost("ipad", "ipad", (IPAD,)))
    assert codes(scene.judged(Site(hosts=hosts))) == ["stale-name"]


def test_another_nexus_name_is_no_move():
    """Each has a name of its own."""
    scene = lab()
    scene.lookup(IPAD, "lab2.skalanexus.com", "10.7.0.70")
    assert codes(scene.judged()) == []


AGAIN = "10.7.0.66"


def moving(*then, site=None):
    """A NEXUS at one address, and then what follows; the codes of the findings."""
    scene = lab()
    scene.tls(NEXUS, PUBLIC, "iot-prod.skalacontrol.com")
    for orig, resp, name, given in then:
        scene.tls(orig, resp, name, **{"orig_mac": MACS[NEXUS], **given})
    return codes(scene.judged(site or Site(hosts=(SiteHost("nexus", "nexus", (NEXUS,)),))))


IOT = "iot-prod.skalacontrol.com"


def test_a_change_of_address_is_a_finding():
    """The same MAC, the first address silent, and the device's own work at the second."""
    assert moving((AGAIN, PUBLIC, IOT, {})) == ["address-changed"]


@pytest.mark.parametrize(
    "then",
    [
        [(AGAIN, PUBLIC, IOT, {}), (NEXUS, PUBLIC, IOT, {})],
        [(AGAIN, PUBLIC, IOT, {}), ("10.7.0.67", PUBLIC, IOT, {"start_ns": BEGIN, "end_ns": BEGIN + 100 * S})],
        [(AGAIN, PUBLIC, "news.example", {})],
        [("fd00::66", PUBLIC, IOT, {})],
        [("fe80::66", PUBLIC, IOT, {})],
        [("169.254.7.7", PUBLIC, IOT, {})],
        [(AGAIN, PUBLIC, IOT, {}), (PUBLIC, NEXUS, "x.example", {"resp_mac": "00:16:3e:00:00:60"})],
        [(AGAIN, PUBLIC, IOT, {"orig_mac": "02:00:00:00:00:66"})],
    ],
    ids=["both go on", "three at once", "another's work", "IPv6 beside", "link-local IPv6", "no lease yet", "router",
         "another MAC"],
)  # fmt: skip
def test_several_addresses_of_one_mac_are_no_change(then):
    """Several hosts behind a repeater or a router, a second IP version, and another device."""
    assert "address-changed" not in moving(*then)


def test_a_change_is_found_without_a_site_file():
    """Once, although each address looks like a device of its own."""
    scene = Scene()
    for address in (NEXUS, AGAIN):
        scene.tls(address, PUBLIC, IOT, orig_mac=MACS[NEXUS])
        scene.fetch(address, PUBLIC, "www.decagon.com")
        scene.rows["flows"][-1]["orig_mac"] = MACS[NEXUS]
    assert codes(scene.judged()) == ["address-changed"]
