"""DHCP exchanges of hosts in scope."""

import pytest

from analyzer.judging.leases import leases
from analyzer.judging.place import Actor
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import EDGE, MACHINE, MACS, PUBLIC, Scene, codes, verdict

MACHINE_SIDE = "192.168.50.1"
PORT = "00:16:3e:00:00:aa"


def isolated():
    """A machine port that polls two machines."""
    scene = Scene()
    for machine in ("192.168.50.21", "192.168.50.22"):
        scene.poll(MACHINE_SIDE, machine, orig_mac=PORT)
    return scene


def test_a_lease_is_known_by_mac_or_by_address():
    """Messages of other clients are nobody's here."""
    scene = Scene()
    scene.lease(MACS[EDGE])
    scene.lease("02:00:00:00:00:77", assigned=EDGE, message="ACK")
    scene.lease("02:00:00:00:00:78")
    scene.lease(MACS[EDGE], message="RELEASE")
    found = leases(scene.seen(), [Actor("edge", (EDGE,), (MACS[EDGE],), (), "inferred")])
    assert [(lease.mac, lease.rows) for lease in found] == [(MACS[EDGE], (0,)), ("02:00:00:00:00:77", (1,))]


def test_dhcp_of_the_machine_port_is_unexpected_without_a_site_file():
    """All that the port sends goes to machines, so it is the machine port."""
    scene = isolated()
    row = scene.lease(PORT)
    made = scene.judged()
    assert (verdict(made, row), codes(made)) == ("unexpected", ["dhcp-on-machine-network"])


def test_a_machines_own_lease_is_housekeeping():
    """Only the Edge's port must be static."""
    scene = isolated()
    row = scene.lease("02:00:00:00:00:21")
    assert verdict(scene.judged(), row) == "housekeeping"


def test_a_port_that_leaves_the_site_is_the_company_port():
    """On one network for all, the Edge may lease."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE)
    row = scene.lease(MACS[EDGE])
    assert (verdict(scene.judged(), row), codes(scene.judged())) == ("housekeeping", [])


@pytest.mark.parametrize(
    ("assigned", "topology", "expected"),
    [("192.168.50.1", "isolated", "unexpected"), ("10.7.0.10", "isolated", "housekeeping")],
)
def test_the_site_files_networks_decide(assigned, topology, expected):
    """A lease on the machine network is a violation, one on the company network is none."""
    scene = isolated()
    row = scene.lease(PORT, assigned=assigned, message="ACK", server="")
    site = Site(
        topology=topology,
        machine_networks=("192.168.50.0/24",),
        company_networks=("10.7.0.0/24",),
        hosts=(
            SiteHost("e", "edge", (EDGE, MACHINE_SIDE)),
            SiteHost("m", "machine", ("192.168.50.21", "192.168.50.22")),
        ),
    )
    assert verdict(scene.judged(site), row) == expected


def test_in_the_company_topology_dhcp_is_allowed():
    """Machines and internet share one network there."""
    scene = isolated()
    row = scene.lease(PORT)
    site = Site(
        topology="company",
        hosts=(SiteHost("e", "edge", (MACHINE_SIDE,)), SiteHost("m", "machine", ("192.168.50.21", "192.168.50.22"))),
    )
    assert verdict(scene.judged(site), row) == "housekeeping"
    scene.tls(MACHINE_SIDE, PUBLIC, "api.machinemetrics.com", orig_mac=PORT)
    assert verdict(scene.judged(), row) == "housekeeping"
