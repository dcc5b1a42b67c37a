"""Machines that speak to others, and flows towards a closed host."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, EDGE, MACHINE, OUTSIDE, PC, PUBLIC, STORE, Scene, codes, outcome, verdict


@pytest.fixture
def scene():
    """An Edge that reads a machine."""
    made = Scene()
    made.edge()
    made.poll(EDGE, MACHINE)
    return made


@pytest.mark.parametrize(("who", "severity"), [(PUBLIC, "high"), (PC, "low")])
def test_inbound_is_worse_from_outside(scene, who, severity):
    """Whatever the port, and whether or not it was answered."""
    row = scene.flow(who, EDGE, 8443, resp_synacks=0, resp_rsts=1, resp_payload_octets=0)
    made = scene.judged()
    assert (verdict(made, row), made.flows.codes[row]) == ("unexpected", ("inbound-connection",))
    assert [str(found.severity) for found in made.findings] == [severity]


def test_a_machine_may_open_a_flow_to_its_edge(scene):
    """The document forbids it neither to the machine nor to the Edge's machine network."""
    made_row = scene.flow(MACHINE, EDGE, 123, service="ntp", proto=17)
    made = scene.judged()
    assert (verdict(made, made_row), outcome(made, "mm-no-inbound")) == ("expected", "holds")


def test_the_answer_to_an_unseen_question_is_not_inbound(scene):
    """A datagram from a server's port to a client's port, and a connection met midway, opened nothing."""
    rows = [
        scene.udp("9.9.9.9", EDGE, 40123, orig_p=53, service="dns"),
        scene.flow(PUBLIC, EDGE, 40124, orig_p=443, midstream=True),
    ]
    made = scene.judged()
    assert [verdict(made, row) for row in rows] == ["undetermined", "undetermined"]
    assert outcome(made, "mm-no-inbound") == "holds"


@pytest.mark.parametrize(
    ("orig", "resp", "code", "severity"),
    [
        (MACHINE, PUBLIC, "machine-leaves-site", "high"),
        (PUBLIC, MACHINE, "machine-leaves-site", "high"),
        (MACHINE, PC, "machine-other-peer", "low"),
        (PC, MACHINE, "machine-other-peer", "low"),
    ],
)
def test_machines_talk_to_the_edge_only(scene, orig, resp, code, severity):
    """In either direction; high where it leaves the site, low inside; a documented name is no excuse."""
    row = scene.tls(orig, resp, "api.machinemetrics.com")
    made = scene.judged()
    assert (verdict(made, row), made.flows.codes[row]) == ("unexpected", (code,))
    assert [str(found.severity) for found in made.findings] == [severity]


def test_a_sites_own_public_network_is_inside(scene):
    """What the site file calls its own does not leave the site."""
    scene.flow(MACHINE, PUBLIC, 9999)
    site = Site(
        company_networks=("93.184.216.0/24",),
        hosts=(SiteHost("e", "edge", (EDGE,)), SiteHost("m", "machine", (MACHINE,))),
    )
    assert codes(scene.judged(site)) == ["machine-other-peer"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("unexpected", ("inbound-connection",))),
        ({"unanswered": True}, ("undetermined", ("behind-nat",))),
        ({"proto": 17}, ("undetermined", ("behind-nat",))),
    ],
)
def test_inbound_to_an_address_of_several_hosts(given, expected):
    """A scan that got nowhere is nobody's fault; a session that was answered went through a port forward."""
    scene = Scene()
    scene.edge(OUTSIDE)
    row = scene.flow(PUBLIC, OUTSIDE, 22, **given)
    made = scene.judged()
    assert (verdict(made, row), made.flows.codes[row]) == expected
    if made.findings:
        assert str(made.findings[0].strength) == "suggestive"


@pytest.mark.parametrize(
    "site",
    [
        Site(),
        Site(hosts=(SiteHost("e", "edge", (EDGE,)),), nat=("10.7.0.8",)),
        Site(hosts=(SiteHost("e", "edge", (EDGE,)),), proxies=("10.7.0.8:3128",)),
    ],
    ids=["no site file", "nat", "proxy"],
)
def test_a_proxy_of_the_site_is_there_for_its_neighbours(site):
    """Where both its sides are captured it does what an Edge does, and yet the Edge's requests are not inbound."""
    scene, proxy = Scene(), "10.7.0.8"
    for name in (STORE, API):
        scene.connect(EDGE, proxy, name)
        scene.tls(proxy, PUBLIC, name)
    scene.flow("10.7.0.99", proxy, 3128, service="http")
    made = scene.judged(site)
    assert (codes(made), outcome(made, "mm-no-inbound")) == ([], "holds")
    assert [verdict(made, row) for row in (0, 2)] == ["expected", "expected"]
