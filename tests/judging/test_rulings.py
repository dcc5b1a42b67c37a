"""What is ruled on flows, sentence by sentence of how the documents are read."""

import pytest

from analyzer.judging.filtering import parse
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import (
    API,
    EDGE,
    GOOGLE,
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
    codes,
    outcome,
    verdict,
)

SKALA = Site(
    hosts=(SiteHost("nexus", "nexus", (NEXUS,)), SiteHost("ipad", "ipad", (IPAD,)), SiteHost("pc", "pc", (PC,)))
)


@pytest.fixture
def scene():
    """A site whose Edge has shown itself."""
    made = Scene()
    made.edge()
    return made


def ruled(scene, row, site=NOWHERE):
    """Verdict, rule and codes of a flow."""
    made = scene.judged(site)
    return verdict(made, row), made.flows.rule[row], made.flows.codes[row]


def test_a_documented_name_is_expected(scene):
    """By SNI, by lookup, and in capitals of any case the dissector made small."""
    assert ruled(scene, scene.tls(EDGE, PUBLIC, API)) == ("expected", "mm-std-api", ())
    assert ruled(scene, scene.named(EDGE, PUBLIC, "notify.bugsnag.com", 443))[:2] == ("expected", "mm-std-bugsnag")


def test_443_to_somebody_else_is_unexpected(scene):
    """The port table alone makes nothing expected."""
    assert ruled(scene, scene.tls(EDGE, PUBLIC, "files.example")) == (
        "unexpected",
        "mm-only-documented",
        ("undocumented-destination",),
    )


def test_a_documented_name_at_another_port_is_unexpected(scene):
    """Name and port belong together; QUIC on 443/udp is another transport."""
    assert ruled(scene, scene.tls(EDGE, PUBLIC, API, port=8443))[0] == "unexpected"
    assert (
        ruled(scene, scene.udp(EDGE, PUBLIC, 443, service="quic", server_name=API, server_name_basis="quic"))[0]
        == "unexpected"
    )


@pytest.mark.parametrize(
    "given",
    [{"unanswered": True}, {"resp_payload_octets": 0}, {"resp_synacks": 0, "resp_rsts": 1, "resp_payload_octets": 0}],
)
def test_what_was_tried_and_failed_is_undetermined(scene, given):
    """A failure is nobody's block until evidence says so, and the rule is named."""
    assert ruled(scene, scene.named(EDGE, PUBLIC, API, 443, **given))[:2] == ("undetermined", "mm-std-api")


def test_an_undocumented_destination_is_unexpected_even_unanswered(scene):
    """The attempt itself is what no row names."""
    assert ruled(scene, scene.named(EDGE, PUBLIC, "files.example", 443, unanswered=True))[0] == "unexpected"


def test_7422_elsewhere_is_unexpected(scene):
    """NATS is a list of addresses."""
    assert ruled(scene, scene.flow(EDGE, "54.218.103.126", 7422, service="nats"))[0] == "expected"
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 7422, service="nats"))[0] == "unexpected"


def test_an_address_without_a_name_stays_open(scene):
    """A SYN without answer to an address of which no lookup was seen may be a documented host."""
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 443, unanswered=True))[0] == "undetermined"


def test_ssh_to_an_address_without_a_name_is_not_open(scene):
    """No name that it could have would make SSH on 443 right, nor is 22 anybody's port."""
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 443, service="ssh"))[2] == ("payload-mismatch",)
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 22, service="ssh"))[2] == ("undocumented-destination",)


def test_a_hello_without_a_name_beside_lookups_is_unexpected(scene):
    """The documents' hosts are names; an address that no lookup gave is somebody else's."""
    row = scene.tls(EDGE, PUBLIC)
    assert ruled(scene, row)[0] == "undetermined"
    scene.lookup(EDGE, API, "192.0.2.9")
    assert ruled(scene, row)[0] == "unexpected"


def test_midway_flows_are_open_unless_nothing_could_allow_them(scene):
    """Their hello and a request to a proxy are not in the capture; SSH needs no hello to be seen."""
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 443, midstream=True))[0] == "undetermined"
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 8080, midstream=True))[0] == "undetermined"
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 22, midstream=True))[0] == "unexpected"
    assert ruled(scene, scene.flow(EDGE, PUBLIC, 8022, service="ssh", midstream=True))[0] == "unexpected"


def test_midway_flows_may_be_turned(scene):
    """Where the capture begins within a connection, the server may seem to have opened it."""
    row = scene.flow("54.218.103.126", EDGE, 50123, orig_p=7422, midstream=True)
    assert ruled(scene, row)[:2] == ("expected", "mm-nats-std-1")
    assert ruled(scene, scene.udp(GOOGLE, EDGE, 50124, orig_p=53, service="dns"))[0] == "expected"
    assert ruled(scene, scene.flow(PUBLIC, EDGE, 50125, orig_p=443, midstream=True))[0] == "undetermined"


def test_several_names_of_one_address_give_the_benefit_of_doubt(scene):
    """Buckets share addresses: one documented name among those that this client was told is enough."""
    scene.lookup(EDGE, API, PUBLIC)
    row = scene.named(EDGE, PUBLIC, "other.example", 443)
    assert ruled(scene, row)[0] == "expected"
    assert ruled(scene, scene.tls(EDGE, PUBLIC, "other.example"))[0] == "unexpected"


@pytest.mark.parametrize(
    ("server", "site", "expected"),
    [
        (GOOGLE, Site(), ("expected", "mm-dns-google-primary", ())),
        (RESOLVER, Site(), ("expected", "mm-dns-private", ())),
        ("9.9.9.9", Site(resolvers=("9.9.9.9",)), ("expected", "mm-dns-override", ())),
        ("9.9.9.9", Site(), ("unexpected", "mm-only-documented", ("other-resolver",))),
    ],
)
def test_resolvers(scene, server, site, expected):
    """Google's, the site's own, one on a private address; another public one is unexpected, at low severity."""
    row = scene.lookup(EDGE, "whatever.example", "192.0.2.9", resolver=server)
    assert ruled(scene, row, site) == expected
    severities = [str(found.severity) for found in scene.judged(site).findings]
    assert severities == (["low"] if expected[0] == "unexpected" else [])


def test_a_resolver_that_dhcp_handed_out_is_the_sites(scene):
    """Without a site file the lease tells it."""
    row = scene.lookup(EDGE, API, "192.0.2.9", resolver="9.9.9.9")
    scene.lease("02:00:00:00:00:77", message="ACK", resolvers=("9.9.9.9",))
    assert ruled(scene, row)[:2] == ("expected", "mm-dns-override")


def test_other_things_on_53(scene):
    """TLS on 53 is no DNS; DNS over TCP to a documented resolver is a reading."""
    assert ruled(scene, scene.tls(EDGE, GOOGLE, port=53))[2] == ("payload-mismatch",)
    assert ruled(scene, scene.flow(EDGE, GOOGLE, 53, service="dns"))[:2] == ("expected", "mm-dns-google-tcp")


@pytest.mark.parametrize(
    ("server", "name", "expected"),
    [
        (PUBLIC, "0.resinio.pool.ntp.org", ("expected", "mm-ntp-pool", ())),
        (PUBLIC, "", ("expected", "mm-ntp-unnamed", ())),
        (RESOLVER, "", ("expected", "mm-ntp-private", ())),
        (RESOLVER, "clock.plant.example", ("expected", "mm-ntp-private", ())),
        (PUBLIC, "time.example", ("unexpected", "mm-only-documented", ("other-ntp-server",))),
    ],
)
def test_time_servers(scene, server, name, expected):
    """The pool, an unknown name, a private address; another public name is unexpected."""
    row = scene.clock(EDGE, server, server_name=name, server_name_basis="dns" if name else "")
    assert ruled(scene, row) == expected


def test_machine_ports_count_on_the_machines_side(scene):
    """A client's own port that happens to be 49320 or 56000 proves nothing."""
    assert ruled(scene, scene.poll(EDGE, MACHINE, "opcua", 49320))[:2] == ("expected", "mm-machine-opcua-kepware")
    assert ruled(scene, scene.flow(EDGE, PC, 9999, orig_p=49320))[0] == "unexpected"


def test_a_machine_is_on_the_site(scene):
    """Modbus to a public address is no machine's; EtherNet/IP over UDP is a reading."""
    assert ruled(scene, scene.poll(EDGE, PUBLIC, "modbus", 502))[0] == "unexpected"
    row = scene.udp(EDGE, MACHINE, 44818, service="ethernet-ip")
    assert ruled(scene, row)[:2] == ("expected", "mm-machine-ethernet-ip-list")


def test_a_local_host_that_no_row_names_is_low(scene):
    """Inside the site it is worth a look, no more."""
    scene.flow(EDGE, PC, 445, service="smb")
    assert [(found.code, str(found.severity)) for found in scene.judged().findings] == [
        ("undocumented-destination", "low")
    ]


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [(API, 443, "expected"), (API, 22, "unexpected"), ("files.example", 443, "unexpected")],
)
def test_a_proxy_is_judged_by_whom_it_was_asked_for(scene, host, port, expected):
    """The proxy's own address and port say nothing."""
    assert ruled(scene, scene.connect(EDGE, "10.7.0.8", host, port))[0] == expected


def test_a_proxy_that_refuses_leaves_it_open(scene):
    """407 and nothing else: tried, allowed by a row, and not worked."""
    assert ruled(scene, scene.connect(EDGE, "10.7.0.8", API, status=407))[:2] == ("undetermined", "mm-std-api")


def test_one_forbidden_request_among_several_counts(scene):
    """A connection to a proxy carries several requests."""
    row = scene.connect(EDGE, "10.7.0.8", API)
    scene.request(row, method="CONNECT", form="authority", host="files.example", port=443)
    assert ruled(scene, row)[0] == "unexpected"


def test_what_a_listed_proxy_is_asked_within_tls_is_its_own_row(scene):
    """An HTTPS proxy hides the request; the site file vouches for it."""
    row = scene.tls(EDGE, "10.7.0.8", "proxy.acme.example", port=3129)
    assert ruled(scene, row, Site(proxies=("10.7.0.8:3129",)))[:2] == ("expected", "mm-proxy")
    assert ruled(scene, row)[0] == "unexpected"


def test_an_address_behind_nat_is_not_blamed():
    """Outside the site nobody knows who it was; what a row allows is expected all the same."""
    scene = Scene()
    scene.edge(OUTSIDE)
    row = scene.tls(OUTSIDE, PUBLIC, "files.example")
    assert ruled(scene, row) == ("undetermined", "", ("behind-nat",))
    assert ruled(scene, scene.tls(OUTSIDE, PUBLIC, API))[0] == "expected"
    assert not scene.judged().findings


def test_a_persons_computer_is_judged_by_rows_only():
    """A browser of the dashboard reads other pages; only what the document speaks of is judged."""
    scene = Scene()
    app = scene.tls(PC, PUBLIC, "app.machinemetrics.com")
    other = scene.tls(PC, PUBLIC, "news.example")
    made = scene.judged()
    assert [verdict(made, row) for row in (app, other)] == ["expected", "not_judged"]


def test_a_pack_does_not_excuse_the_others_host(scene):
    """A rule of one pack allows nothing to a host that only the other governs."""
    row = scene.tls(EDGE, PUBLIC, "skalacontrol.com")
    scene.tls(NEXUS, PUBLIC, "iot-prod.skalacontrol.com")
    made = scene.judged()
    assert (made.packs, verdict(made, row)) == (("machinemetrics", "skala"), "unexpected")


def test_the_other_variants_name_is_unexpected_where_one_was_asked_for(scene):
    """With the profile stated, GovCloud's names are not the standard cloud's."""
    row = scene.tls(EDGE, "18.252.129.108", "api.machinemetrics-us-gov.com")
    made = scene.judged(profiles=["machinemetrics:standard"])
    assert (verdict(made, row), sorted(codes(made))) == ("unexpected", ["other-variant", "two-variants"])


def test_hosts_that_nobody_knows_are_counted_only(scene):
    """A span port shows a whole office."""
    assert ruled(scene, scene.tls("10.7.0.99", PUBLIC, "news.example")) == ("not_judged", "", ())


@pytest.mark.parametrize(("port", "service"), [(443, "tls"), (80, "http"), (123, "ntp"), (9001, "tls")])
def test_the_in_half_of_a_row(port, service):
    """A flow from the internet that only In allows is expected, with a note."""
    scene = Scene()
    scene.tls(IPAD, PUBLIC, "skalacontrol.com")
    row = scene.flow(PUBLIC, NEXUS, port, service=service, proto=17 if port == 123 else 6)
    made = scene.judged(SKALA)
    assert (verdict(made, row), made.flows.codes[row]) == ("expected", ("in-half",))
    assert any("In half" in note for note in made.notes)


def test_another_port_from_the_internet_is_unexpected():
    """No row opens 22 to a NEXUS; a neighbour's look at it is not judged."""
    scene = Scene()
    outside, inside = scene.flow(PUBLIC, NEXUS, 22, service="ssh"), scene.flow("10.7.0.99", NEXUS, 22, service="ssh")
    made = scene.judged(SKALA)
    assert [verdict(made, row) for row in (outside, inside)] == ["unexpected", "not_judged"]


def test_skala_rows():
    """Names, packages by request, any time server, any resolver; the package host that no row names."""
    scene = Scene()
    good = [
        scene.tls(NEXUS, PUBLIC, "websockets.skalacontrol.com"),
        scene.tls(NEXUS, PUBLIC, "websocket.skalacontrol.com"),
        scene.tls(IPAD, PUBLIC, "assist.zoho.com"),
        scene.tls(IPAD, NEXUS, "lab1.skalanexus.com", port=9001),
        scene.flow(IPAD, NEXUS, 9001, service="tls", midstream=True),
        scene.fetch(NEXUS, PUBLIC, "deb.example", "/debian/dists/stable/Release"),
        scene.fetch(NEXUS, PUBLIC, "raspbian.raspberrypi.org"),
        scene.clock(NEXUS, PUBLIC, server_name="time.example", server_name_basis="dns"),
        scene.lookup(NEXUS, "skalacontrol.com", PUBLIC, resolver="9.9.9.9"),
        scene.lookup(IPAD, "skalacontrol.com", PUBLIC, resolver="1.1.1.1"),
    ]
    bad = [scene.fetch(NEXUS, PUBLIC, "news.example"), scene.tls(NEXUS, PUBLIC, "files.example")]
    made = scene.judged(SKALA)
    assert {verdict(made, row) for row in good} == {"expected"}
    assert {verdict(made, row) for row in bad} == {"unexpected"}
    mirrors = Site(hosts=SKALA.hosts, mirrors=("files.example",))
    assert verdict(scene.judged(mirrors), bad[1]) == "expected"


def test_flows_of_other_hosts_change_no_verdict(scene):
    """What a neighbour does is no evidence on the Edge."""
    rows = [scene.tls(EDGE, PUBLIC, API), scene.tls(EDGE, PUBLIC, "files.example")]
    before = scene.judged()
    for name in ("news.example", STORE[3:], "app.example"):
        scene.tls("10.7.0.98", "192.0.2.77", name)
    after = scene.judged()
    assert [verdict(before, row) for row in rows] == [verdict(after, row) for row in rows]
    assert outcome(after, "mm-only-documented") == "fails"
    assert scene.judged(keep=parse("host 10.7.0.98")).findings == ()
