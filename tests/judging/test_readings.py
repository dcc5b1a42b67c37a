"""How both documents are read: who is judged, by whose rules, and what is left alone."""

import pytest

from analyzer.findings import Basis, Outcome
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import (
    API,
    EDGE,
    IPAD,
    MACHINE,
    NEXUS,
    NOWHERE,
    OUTSIDE,
    PC,
    PUBLIC,
    RESOLVER,
    STORE,
    Scene,
    answer,
    codes,
    findings,
    verdict,
)

PLANT = Site(hosts=(SiteHost("edge-1", "edge", (EDGE,)), SiteHost("m1", "machine", (MACHINE,))))
LAB = Site(hosts=(SiteHost("nexus", "nexus", (NEXUS,)), SiteHost("ipad", "ipad", (IPAD,))))
BOTH = Site(hosts=(*PLANT.hosts, *LAB.hosts))


# --------------------------------------------------------- on what a rule stands


@pytest.mark.parametrize("pack", shipped(), ids=lambda pack: pack.name)
def test_every_rule_cites_a_place_of_its_document(pack):
    """Section, row and a quote that stands there letter by letter."""
    for rule in pack.rules:
        assert rule.cite.document == pack.title
        assert rule.cite.section in pack.text
        assert rule.cite.quote
        assert rule.cite.quote in pack.text


@pytest.mark.parametrize("pack", shipped(), ids=lambda pack: pack.name)
def test_every_reading_says_why(pack):
    """What is decided here and not by the document has its reason beside it."""
    assert all(rule.because for rule in pack.rules if rule.basis is Basis.READING)


def test_a_verdict_that_rests_on_a_reading_says_so_in_the_same_breath():
    """A documented one does not."""
    scene = Scene()
    scene.edge()
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    made = scene.judged()
    reading, documented = answer(made, "mm-dns-private"), answer(made, "mm-std-adapter-store")
    assert (reading.basis, documented.basis) == (Basis.READING, Basis.DOCUMENTED)
    assert ("(reading: " in reading.because, "(reading: " in documented.because) == (True, False)


def test_a_finding_that_rests_on_a_reading_says_so():
    """Its basis is its rule's."""
    scene = Scene()
    scene.edge()
    scene.tls(EDGE, PUBLIC, "files.example")
    scene.flow(PUBLIC, EDGE, 22)
    assert {found.code: str(found.basis) for found in scene.judged().findings} == {
        "undocumented-destination": "reading",
        "inbound-connection": "documented",
    }


# ------------------------------------------------------------------ who is judged


def test_hosts_that_the_site_file_names_are_judged_and_no_others():
    """Even one that does all that an Edge does."""
    scene = Scene()
    mine, other = scene.tls(EDGE, PUBLIC, "files.example"), scene.edge("10.7.0.77")
    bad = scene.tls("10.7.0.77", PUBLIC, "files.example")
    made = scene.judged(PLANT)
    assert [verdict(made, row) for row in (mine, other, bad)] == ["unexpected", "not_judged", "not_judged"]


@pytest.mark.parametrize(
    ("role", "show"),
    [
        ("edge", lambda scene: scene.tls("10.7.0.5", PUBLIC, STORE)),
        ("edge", lambda scene: scene.flow("10.7.0.5", "54.218.103.126", 7422, service="nats")),
        ("edge", lambda scene: scene.poll("10.7.0.5", MACHINE)),
        ("machine", lambda scene: scene.poll(EDGE, "10.7.0.5")),
        ("nexus", lambda scene: scene.lookup(IPAD, "lab1.skalanexus.com", "10.7.0.5")),
        ("nexus", lambda scene: scene.tls(IPAD, "10.7.0.5", "lab1.skalanexus.com", port=9001)),
        ("ipad", lambda scene: scene.tls("10.7.0.5", PUBLIC, "iot-prod.skalacontrol.com")),
        ("browser", lambda scene: scene.tls("10.7.0.5", PUBLIC, "app.machinemetrics.com")),
    ],
)
def test_without_a_site_file_hosts_are_judged_in_the_role_that_they_show(role, show):
    """Who speaks to the vendor's names, who serves 9001, who is polled on a machine port; with what told it."""
    scene = Scene()
    scene.tls(IPAD, PUBLIC, "iot-prod.skalacontrol.com")
    show(scene)
    (host,) = [host for host in scene.judged(NOWHERE).hosts if "10.7.0.5" in host.addresses]
    assert (host.role, host.basis) == (role, "inferred")
    assert "frame" in host.why


def test_a_span_port_shows_a_whole_office_that_is_counted_and_not_judged():
    """Its web, mail, file shares and other vendors' control systems make no finding and no verdict."""
    scene = Scene()
    scene.edge()
    office = [
        scene.tls("10.7.0.80", PUBLIC, "news.example"),
        scene.flow("10.7.0.80", "10.7.0.81", 445, service="smb"),
        scene.udp("10.7.0.80", PUBLIC, 443, service="quic", server_name="video.example", server_name_basis="quic"),
        scene.flow("10.7.0.82", "10.7.0.83", 502, service="modbus"),
        scene.flow("10.7.0.82", "10.7.0.84", 4840, service="opcua"),
        scene.lookup("10.7.0.80", "news.example", PUBLIC, resolver="9.9.9.9"),
        scene.clock("10.7.0.80", "192.0.2.9", server_name="time.example", server_name_basis="dns"),
        scene.tls("10.7.0.80", PUBLIC, "api.balena-cloud.com"),
    ]
    made = scene.judged()
    assert {verdict(made, row) for row in office} == {"not_judged"}
    assert (codes(made), {host.host for host in made.hosts}) == ([], {EDGE})


@pytest.mark.parametrize(
    ("whom", "severity", "code"),
    [(PUBLIC, "high", "machine-leaves-site"), (PC, "low", "machine-other-peer"), (NEXUS, "low", "machine-other-peer")],
)
@pytest.mark.parametrize("inferred", [True, False])
def test_machines_are_in_scope(whom, severity, code, inferred):
    """What one exchanges with anybody but the Edge is unexpected: low inside the site, high when it leaves it."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE)
    row = scene.flow(MACHINE, whom, 8080)
    made = scene.judged(NOWHERE if inferred else PLANT)
    assert verdict(made, row) == "unexpected"
    assert [(found.code, str(found.severity), found.flows) for found in made.findings] == [(code, severity, (row,))]


# ---------------------------------------------------------------------------- NAT


def outside():
    """Seen outside the firewall: the site's hosts behind one address."""
    scene = Scene()
    scene.edge(OUTSIDE)
    return scene


@pytest.mark.parametrize("site", [NOWHERE, Site(hosts=PLANT.hosts, nat=(OUTSIDE,)), Site(nat=(OUTSIDE,))])
def test_an_address_of_several_hosts_is_judged_for_what_the_documents_allow(site):
    """What a row allows is expected; what none allows may be any host's."""
    scene = outside()
    good, bad = scene.tls(OUTSIDE, PUBLIC, API), scene.tls(OUTSIDE, PUBLIC, "files.example")
    made = scene.judged(site)
    assert [verdict(made, row) for row in (good, bad)] == ["expected", "undetermined"]
    assert made.flows.codes[bad] == ("behind-nat",)
    assert codes(made) == []


def test_two_ttl_bases_behind_one_public_address_are_several_hosts():
    """And the reason says what was seen."""
    scene = outside()
    scene.tls(OUTSIDE, PUBLIC, "files.example", orig_ttl=127)
    (host,) = scene.judged().hosts
    assert (host.role, "2 TTL bases" in host.why) == ("nat", True)


def test_what_no_host_behind_an_address_may_do_is_unexpected():
    """A documented name at another address than the document's is nobody's good right."""
    scene = Scene()
    row = scene.tls(OUTSIDE, PUBLIC, "api.balena.machinemetrics-us-gov.com")
    assert verdict(scene.judged(Site(hosts=PLANT.hosts, nat=(OUTSIDE,))), row) == "unexpected"


# ---------------------------------------------------------------- packs and scope


@pytest.mark.parametrize(
    ("host", "other"),
    [(EDGE, "skalacontrol.com"), (NEXUS, "app.machinemetrics.com"), (NEXUS, STORE), (EDGE, "x.zoho.com")],
)
def test_a_rule_of_one_pack_never_excuses_a_host_that_only_the_other_governs(host, other):
    """Although both packs are judged at this site."""
    scene = Scene()
    row = scene.tls(host, PUBLIC, other)
    assert verdict(scene.judged(BOTH), row) == "unexpected"


def test_the_other_packs_resolvers_excuse_nobody():
    """Any resolver will do for a NEXUS; for an Edge it will not."""
    scene = Scene()
    rows = [scene.lookup(host, API, PUBLIC, resolver="9.9.9.9") for host in (NEXUS, EDGE)]
    made = scene.judged(BOTH)
    assert [verdict(made, row) for row in rows] == ["expected", "unexpected"]


def test_a_host_of_two_packs_may_do_what_either_allows():
    """One PC shows both vendors' pages."""
    scene = Scene()
    rows = [scene.tls(PC, PUBLIC, name) for name in ("app.machinemetrics.com", "skalacontrol.io")]
    site = Site(hosts=(SiteHost("pc", "browser", (PC,)), SiteHost("pc", "pc", (PC,))))
    assert {verdict(scene.judged(site), row) for row in rows} == {"expected"}


# -------------------------------------------------------------- not seen, and quiet


@pytest.mark.parametrize("topology", ["", "company", "isolated", "wireless-lan", "wireless", "cellular"])
def test_not_seen_is_not_violated_and_not_held(topology):
    """Of an empty capture no rule fails, and none holds but the documents' own sums."""
    made = Scene().judged(Site(hosts=BOTH.hosts, topology=topology))
    assert (made.fails, made.findings) == (False, ())
    assert {found.rule for found in made.rules if found.outcome is Outcome.HOLDS} == {"mm-plan-up", "mm-plan-down"}
    assert all(found.because for found in made.rules)


def test_a_required_destination_that_never_shows_is_not_observed():
    """Whatever else the Edge did."""
    scene = Scene()
    scene.edge()
    made = scene.judged()
    destinations = [found for found in made.rules if found.rule.startswith(("mm-std-", "mm-nats-std-"))]
    assert {found.rule for found in destinations if found.outcome is not Outcome.NOT_OBSERVED} == {
        "mm-std-adapter-store"
    }


HOUSEKEEPING = {
    "ICMP echo": lambda scene, host: scene.flow(host, RESOLVER, 0, proto=1),
    "ICMP to the internet": lambda scene, host: scene.flow(host, PUBLIC, 0, proto=1),
    "NDP": lambda scene, host: scene.flow(host, "fe80::1", 0, proto=58),
    "IGMP": lambda scene, host: scene.flow(host, "224.0.0.22", 0, proto=2),
    "mDNS": lambda scene, host: scene.udp(host, "224.0.0.251", 5353, service="mdns", resp_packets=0),
    "LLMNR": lambda scene, host: scene.udp(host, "224.0.0.252", 5355, resp_packets=0),
    "SSDP": lambda scene, host: scene.udp(host, "239.255.255.250", 1900, resp_packets=0),
    "NetBIOS": lambda scene, host: scene.udp(host, "10.7.0.255", 137, orig_p=137, resp_packets=0),
    "broadcast": lambda scene, host: scene.udp(host, "255.255.255.255", 44818, resp_packets=0),
    "DHCP": lambda scene, host: scene.udp(host, RESOLVER, 67, orig_p=68, service="dhcp"),
    "DHCPv6": lambda scene, host: scene.udp(host, "ff02::1:2", 547, orig_p=546, resp_packets=0),
}


@pytest.mark.parametrize("kind", HOUSEKEEPING)
@pytest.mark.parametrize("host", [EDGE, MACHINE, NEXUS, IPAD])
def test_housekeeping_of_the_link_is_counted_apart_and_never_unexpected_by_itself(kind, host):
    """The documents say nothing on it."""
    scene = Scene()
    scene.poll(EDGE, MACHINE)
    row = HOUSEKEEPING[kind](scene, host)
    made = scene.judged(BOTH)
    assert (verdict(made, row), made.findings, made.fails) == ("housekeeping", (), False)


@pytest.mark.parametrize(
    ("port", "proto", "server"), [(5353, 17, PUBLIC), (1900, 17, PUBLIC), (67, 17, PUBLIC), (5353, 6, PC)]
)
def test_what_only_looks_like_housekeeping_is_judged(port, proto, server):
    """Discovery that leaves the site is no discovery, nor is a TCP connection."""
    scene = Scene()
    scene.edge()
    row = scene.flow(EDGE, server, port, proto=proto)
    assert verdict(scene.judged(), row) == "unexpected"


def test_dhcp_is_housekeeping_until_a_row_speaks_of_it():
    """A machine's lease is one; the Edge's on the machine network breaks a row, and a NEXUS's another."""
    scene = Scene()
    scene.poll("192.168.50.1", "192.168.50.21", orig_mac="00:16:3e:00:00:aa")
    quiet = scene.lease("02:00:00:00:00:21", assigned="192.168.50.21", message="ACK")
    loud = scene.lease("00:16:3e:00:00:aa", assigned="192.168.50.1", message="ACK")
    site = Site(
        topology="isolated",
        machine_networks=("192.168.50.0/24",),
        hosts=(SiteHost("e", "edge", ("192.168.50.1",)), SiteHost("m", "machine", ("192.168.50.21",))),
    )
    made = scene.judged(site)
    assert [verdict(made, row) for row in (quiet, loud)] == ["housekeeping", "unexpected"]
    assert findings(made, "dhcp-on-machine-network")[0].flows == (loud,)
