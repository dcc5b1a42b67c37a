"""Machines that talk to their collector only."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import EDGE, MACHINE, PC, PUBLIC, Scene, answer, findings, outcome, verdict

ANY, ISOLATED = "mm-machines-edge-only", "mm-machines-isolated"
HOSTS = (SiteHost("edge-1", "edge", (EDGE,)), SiteHost("m1", "machine", (MACHINE,)))
SITE = Site(hosts=HOSTS, topology="isolated")


@pytest.fixture
def scene():
    """An Edge that reads a machine."""
    made = Scene()
    made.edge()
    made.poll(EDGE, MACHINE)
    return made


def test_it_holds_where_the_edge_is_all(scene):
    """With the machines and the number of their flows."""
    assert answer(scene.judged(), ANY).because.startswith(f"1 machine ({MACHINE}): 1 flow, none with others")
    made = scene.judged(SITE)
    assert (outcome(made, ISOLATED), answer(made, ISOLATED).flows) == ("holds", 1)


@pytest.mark.parametrize(("site", "rule"), [(Site(), ANY), (SITE, ISOLATED)])
def test_it_fails_where_a_machine_reaches_the_internet(scene, site, rule):
    """In any topology, in either direction, at high severity."""
    rows = [scene.tls(MACHINE, PUBLIC, "vendor.example"), scene.flow(PUBLIC, MACHINE, 22)]
    made = scene.judged(site)
    assert outcome(made, rule) == "fails"
    assert [verdict(made, row) for row in rows] == ["unexpected", "unexpected"]
    assert {str(found.severity) for found in findings(made, "machine-leaves-site")} == {"high"}


def test_a_neighbour_does_not_break_no_internet_access(scene):
    """In the isolated topology a flow within the machines' network is told, and the document's line holds."""
    row = scene.flow(PC, MACHINE, 445, service="smb")
    made = scene.judged(SITE)
    assert (outcome(made, ISOLATED), verdict(made, row)) == ("holds", "unexpected")
    (found,) = findings(made, "machine-other-peer")
    assert (str(found.severity), found.flows) == ("low", (row,))
    assert answer(made, ISOLATED).because.endswith("none with a host outside its network")


def test_elsewhere_a_neighbour_breaks_what_is_read_into_the_document(scene):
    """In other topologies the line is a reading, and says so."""
    scene.flow(PC, MACHINE, 445, service="smb")
    made = scene.judged()
    assert outcome(made, ANY) == "fails"
    assert "(reading: " in answer(made, ANY).because


def test_a_host_of_another_network_of_the_site_breaks_the_isolation(scene):
    """An isolated machine that is reached from the company network is not isolated."""
    row = scene.flow("10.9.0.5", MACHINE, 445, service="smb")
    site = Site(hosts=HOSTS, topology="isolated", machine_networks=("10.7.0.0/24",), company_networks=("10.9.0.0/24",))
    made = scene.judged(site)
    assert (outcome(made, ISOLATED), findings(made, "machine-other-peer")[0].flows) == ("fails", (row,))


def test_two_machines_of_one_network_may_be_told_apart_by_the_site_file(scene):
    """The machine network may be larger than a usual subnet."""
    scene.flow("10.7.3.5", MACHINE, 445, service="smb")
    wide = Site(hosts=HOSTS, topology="isolated", machine_networks=("10.7.0.0/16",))
    assert outcome(scene.judged(wide), ISOLATED) == "holds"
    assert outcome(scene.judged(SITE), ISOLATED) == "fails"


def test_a_machine_that_was_not_seen(scene):
    """Not seen is not violated."""
    site = Site(hosts=(HOSTS[0], SiteHost("m9", "machine", ("10.7.0.29",))), topology="isolated")
    made = scene.judged(site)
    assert (outcome(made, ISOLATED), answer(made, ISOLATED).because) == (
        "not_observed",
        "no flow of a machine is in the capture",
    )


def test_housekeeping_of_a_machine_breaks_nothing(scene):
    """ARP, DHCP, mDNS, groups and broadcasts are no peers."""
    rows = [
        scene.udp(MACHINE, "224.0.0.251", 5353, resp_packets=0, service="mdns"),
        scene.udp(MACHINE, "10.7.0.255", 137, resp_packets=0),
        scene.flow(MACHINE, "10.7.0.1", 0, proto=1),
        scene.lease("02:00:00:00:00:21", assigned=MACHINE),
    ]
    made = scene.judged(SITE)
    assert {verdict(made, row) for row in rows} == {"housekeeping"}
    assert outcome(made, ISOLATED) == "holds"
