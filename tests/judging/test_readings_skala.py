"""How the SKALA document is read, row by row."""

import pytest

from analyzer.rulelint import lint
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import (
    IPAD,
    MACS,
    NEXUS,
    NOWHERE,
    PC,
    PUBLIC,
    RESOLVER,
    Scene,
    answer,
    because,
    codes,
    outcome,
    verdict,
)

PACK = next(pack for pack in shipped() if pack.name == "skala")
RULES = {rule.id: rule for rule in PACK.rules}
HOSTS = (SiteHost("nexus", "nexus", (NEXUS,)), SiteHost("ipad", "ipad", (IPAD,)), SiteHost("pc", "pc", (PC,)))
SITE = Site(hosts=HOSTS)
LAB = "lab1.skalanexus.com"
INDEX = RULES["sk-index"].to.names[0]


@pytest.fixture
def scene():
    """A lab whose site file names its three devices."""
    return Scene()


def ruled(scene, row, site=SITE):
    """Verdict, rule and codes of a flow."""
    made = scene.judged(site)
    return verdict(made, row), made.flows.rule[row], made.flows.codes[row]


# --------------------------------------------------------------------- devices


def test_the_devices_are_nexus_ipad_and_a_pc_in_its_place():
    """For AQUALAB 3 and data loggers, which are not on this network, no rule is made, and the reason is told."""
    assert {role.name for role in PACK.roles} == {"nexus", "ipad", "pc"}
    assert all(not {"aqualab", "logger"} & set(rule.id.split("-")) for rule in PACK.rules)
    reasons = {entry.cite.section: entry.reason for entry in PACK.not_rules}
    assert (reasons["AQUALAB 3"], reasons["USING A METER DATA LOGGER"]) == (
        "USB is not on this network",
        "loggers are on LTE, not on this network",
    )


# ------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("skalacontrol.com", "sk-server"),
        ("websockets.skalacontrol.com", "sk-websockets"),
        ("websocket.skalacontrol.com", "sk-websocket"),
        ("iot-prod.skalacontrol.com", "sk-iot"),
        ("files.skalacontrol.com", "sk-server-names"),
        ("assist.zoho.com", "sk-support"),
        ("a.b.zoho.com", "sk-support"),
        ("downloads.metergroup.com", "sk-firmware-metergroup"),
        (INDEX, "sk-index"),
    ],
)
def test_names_on_443(scene, name, rule):
    """Each is its own row's, from the NEXUS and from the iPad."""
    assert ruled(scene, scene.tls(NEXUS, PUBLIC, name))[:2] == ("expected", rule)
    assert ruled(scene, scene.tls(IPAD, PUBLIC, name))[:2] == ("expected", rule)


@pytest.mark.parametrize("name", ["zoho.com", "skalacontrol.io", "metergroup.com", "decagon.com", "skalanexus.com"])
def test_bare_names_are_not_meant_by_their_stars(scene, name):
    """A star stands for one label at least; the PC's name is the PC's."""
    assert ruled(scene, scene.tls(NEXUS, PUBLIC, name))[0] == "unexpected"


def test_both_spellings_of_the_websocket_name_are_rules_and_lint_says_so():
    """The prose has websocket, the table websockets."""
    assert {RULES[rule].to.names[0].partition(".")[0] for rule in ("sk-websocket", "sk-websockets")} == {
        "websocket",
        "websockets",
    }
    assert {"documented"} == {str(RULES[rule].basis) for rule in ("sk-websocket", "sk-websockets")}
    assert any({"sk-websocket", "sk-websockets"} <= set(remark.rules) for remark in lint(PACK))


# -------------------------------------------------------------------- In and Out


@pytest.mark.parametrize("device", [NEXUS, IPAD])
@pytest.mark.parametrize("port", [443, 80])
def test_what_only_the_in_half_allows_is_expected_with_a_note(scene, device, port):
    """Who opened it is told, and that replies need no port opened inbound."""
    row = scene.flow(PUBLIC, device, port, service="tls" if port == 443 else "http")
    made = scene.judged(SITE)
    assert (verdict(made, row), made.flows.codes[row]) == ("expected", ("in-half",))
    assert any(PUBLIC in note and "without the port being opened inbound" in note for note in made.notes)


def test_no_row_lets_anybody_in_elsewhere(scene):
    """22 stands in no row."""
    assert ruled(scene, scene.flow(PUBLIC, NEXUS, 22))[0] == "unexpected"


def test_a_flow_from_within_the_site_needs_no_note(scene):
    """An iPad that the site file does not name reaches the NEXUS; nothing comes from the internet."""
    row = scene.tls("10.7.0.88", NEXUS, LAB, port=9001)
    assert ruled(scene, row, Site(hosts=HOSTS[:1])) == ("expected", "sk-nexus-address", ())
    assert scene.judged(Site(hosts=HOSTS[:1])).findings == ()


def test_out_needs_no_note(scene):
    """The device opened the flow itself."""
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    assert not any("In half" in note for note in scene.judged(SITE).notes)


# --------------------------------------------------------------------- packages


@pytest.mark.parametrize(
    ("target", "agent"),
    [
        ("/", "pip/24.0 {}"),
        ("/x", "Debian APT-HTTP/1.3 (2.6.1)"),
        ("/simple/numpy/", "Mozilla/5.0"),
        ("/debian/pool/main/x.deb", ""),
        ("/debian/dists/stable/InRelease", ""),
    ],
)
def test_a_package_fetch_on_80_is_known_by_its_agent_or_its_path(scene, target, agent):
    """By a reading, since the row names nobody."""
    row = scene.fetch(NEXUS, PUBLIC, "deb.example", target, agent)
    assert ruled(scene, row)[:2] == ("expected", "sk-packages")
    assert str(RULES["sk-packages"].basis) == "reading"


@pytest.mark.parametrize(
    "row", [lambda scene: scene.fetch(NEXUS, PUBLIC, "news.example", "/index.html", "Mozilla/5.0"),
            lambda scene: scene.tls(NEXUS, PUBLIC, "deb.example", port=80),
            lambda scene: scene.flow(NEXUS, PUBLIC, 80, service="ssh")]
)  # fmt: skip
def test_another_request_on_80_is_unexpected(scene, row):
    """A page, TLS and SSH are no package fetches."""
    assert ruled(scene, row(scene))[0] == "unexpected"


def test_a_host_that_the_site_file_lists_as_a_mirror_is_expected(scene):
    """On 80 and 443, whatever is fetched there."""
    rows = [
        scene.fetch(NEXUS, PUBLIC, "mirror.acme.example", "/repo/x.whl", "curl"),
        scene.tls(NEXUS, PUBLIC, "mirror.acme.example"),
    ]
    mirrors = Site(hosts=HOSTS, mirrors=("mirror.acme.example",))
    assert {ruled(scene, row, mirrors)[:2] for row in rows} == {("expected", "sk-packages-mirror")}
    assert {ruled(scene, row)[0] for row in rows} == {"unexpected"}


def test_the_host_of_downloads_is_unexpected_and_the_site_file_can_allow_it(scene):
    """The index hands out links to a host that the document does not list: the remedy names the site file's mirrors."""
    scene.tls(NEXUS, PUBLIC, INDEX)
    row = scene.tls(NEXUS, PUBLIC, "files.example")
    made = scene.judged(SITE)
    assert (verdict(made, row), codes(made)) == ("unexpected", ["undocumented-destination"])
    assert "(mirrors)" in made.findings[0].remedy
    assert "another host" in RULES["sk-index"].note
    assert verdict(scene.judged(Site(hosts=HOSTS, mirrors=("files.example",))), row) == "expected"


def test_the_misspelt_name_is_documented_and_the_real_one_is_a_reading(scene):
    """rasbian, and raspbian by the same row."""
    for name, rule in (
        ("rasbian.raspberrypi.org", "sk-os-updates"),
        ("raspbian.raspberrypi.org", "sk-os-updates-real-name"),
    ):
        assert ruled(scene, scene.fetch(NEXUS, PUBLIC, name, "/x"))[:2] == ("expected", rule)
    assert [str(RULES[rule].basis) for rule in ("sk-os-updates", "sk-os-updates-real-name")] == [
        "documented",
        "reading",
    ]
    assert RULES["sk-os-updates"].cite == RULES["sk-os-updates-real-name"].cite


@pytest.mark.parametrize(("name", "expected"), [("www.decagon.com", "expected"), ("decagon.com", "unexpected")])
def test_firmware_comes_by_80_from_decagon_and_by_443_from_metergroup(scene, name, expected):
    """Not the other way round."""
    assert ruled(scene, scene.fetch(NEXUS, PUBLIC, name, "/firmware.bin"))[0] == expected
    assert ruled(scene, scene.tls(NEXUS, PUBLIC, name))[0] == "unexpected"
    assert ruled(scene, scene.fetch(NEXUS, PUBLIC, "www.metergroup.com", "/firmware.bin"))[0] == "unexpected"


# ------------------------------------------------------------------------- time


@pytest.mark.parametrize("name", ["", "time.example", "0.pool.ntp.org", "ntp.acme.example"])
@pytest.mark.parametrize("server", [PUBLIC, RESOLVER])
def test_any_time_server_will_do_that_speaks_ntp(scene, server, name):
    """A provider is not named; the payload is checked."""
    row = scene.clock(NEXUS, server, server_name=name, server_name_basis="dns" if name else "")
    assert ruled(scene, row)[0] == "expected"
    other = scene.udp(NEXUS, server, 123, service="openvpn", server_name=name, server_name_basis="dns" if name else "")
    assert ruled(scene, other)[2] == ("payload-mismatch",)


# -------------------------------------------------------------- iPad and NEXUS


def test_the_ipad_reaches_the_nexus_by_its_name_on_9001(scene):
    """TLS; by address alone it is a reading; in clear it breaks the row."""
    assert ruled(scene, scene.tls(IPAD, NEXUS, LAB, port=9001))[:2] == ("expected", "sk-nexus")
    assert ruled(scene, scene.tls(IPAD, NEXUS, port=9001))[:2] == ("expected", "sk-nexus-address")
    plain = scene.flow(IPAD, NEXUS, 9001, service="http", server_name=LAB, server_name_basis="dns")
    assert ruled(scene, plain)[2] == ("payload-mismatch",)
    assert ruled(scene, scene.tls(IPAD, NEXUS, LAB, port=9002))[0] == "unexpected"


@pytest.mark.parametrize(
    ("told", "rcode"),
    [((), "NOERROR"), ((), "REFUSED"), ((), "NXDOMAIN"), ((PUBLIC,), "NOERROR"), (("0.0.0.0",), "NOERROR")],
)
def test_a_stripped_answer_for_the_local_name_is_a_finding_of_its_own(scene, told, rcode):
    """Empty, refused or altered, while other names resolve."""
    scene.lookup(IPAD, LAB, *told, resolver=RESOLVER, rcode=rcode)
    assert (outcome(scene.judged(SITE), "sk-nexus-name"), codes(scene.judged(SITE))) == ("not_observed", [])
    scene.lookup(IPAD, "skalacontrol.com", PUBLIC, resolver=RESOLVER)
    made = scene.judged(SITE)
    assert (outcome(made, "sk-nexus-name"), codes(made)) == ("fails", ["local-name-stripped"])


def test_the_local_name_resolves_to_a_local_address_by_design(scene):
    """That is no rebinding, and no finding."""
    scene.lookup(IPAD, LAB, NEXUS, resolver=RESOLVER)
    scene.lookup(IPAD, "skalacontrol.com", PUBLIC, resolver=RESOLVER)
    made = scene.judged(SITE)
    assert (outcome(made, "sk-nexus-name"), codes(made)) == ("holds", [])


def test_one_resolver_may_strip_what_another_tells(scene):
    """The finding names the one that strips."""
    scene.lookup(IPAD, LAB, resolver=RESOLVER)
    scene.lookup(IPAD, "skalacontrol.com", PUBLIC, resolver=RESOLVER)
    scene.lookup(IPAD, LAB, NEXUS, resolver="1.1.1.1")
    (found,) = scene.judged(SITE).findings
    assert found.title == f"{LAB} got no usable answer from the resolver {RESOLVER}"


def test_nat_between_subnets_is_acceptable(scene):
    """An iPad and a NEXUS on different subnets: expected, with a note."""
    row = scene.tls(IPAD, "192.168.77.60", LAB, port=9001)
    site = Site(hosts=(SiteHost("nexus", "nexus", ("192.168.77.60",)), HOSTS[1]))
    made = scene.judged(site)
    assert (verdict(made, row), codes(made)) == ("expected", [])
    assert any("different subnets, which the document accepts" in note for note in made.notes)


# --------------------------------------------------------------- static address


def test_a_nexus_that_leases_is_a_finding(scene):
    """By DHCP its address may change."""
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    scene.lease(MACS[NEXUS], assigned=NEXUS, message="ACK")
    made = scene.judged(SITE)
    assert (codes(made), outcome(made, "sk-nexus-stable")) == (["address-by-dhcp"], "fails")


def test_a_nexus_under_two_macs_is_a_finding(scene):
    """As after a change from Ethernet to Wi-Fi."""
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com", orig_mac="00:16:3e:00:00:61")
    assert codes(scene.judged(SITE)) == ["two-macs"]


@pytest.mark.parametrize("host", [SiteHost("nexus", "nexus", (), (MACS[NEXUS],)), HOSTS[0]])
def test_a_nexus_whose_address_changes_is_a_finding(scene, host):
    """One MAC, one address after the other: whether the site file knows it by MAC or by its first address."""
    rows = [
        scene.tls(NEXUS, PUBLIC, "iot-prod.skalacontrol.com"),
        scene.tls("10.7.0.66", PUBLIC, "iot-prod.skalacontrol.com", orig_mac=MACS[NEXUS]),
    ]
    made = scene.judged(Site(hosts=(host, HOSTS[1])))
    assert (codes(made), outcome(made, "sk-nexus-stable")) == (["address-changed"], "fails")
    assert made.findings[0].flows == tuple(rows)


def test_a_name_that_still_resolves_to_the_old_address_is_a_finding(scene):
    """The registration follows a change within hours only."""
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    scene.lookup(IPAD, LAB, "10.7.0.66", resolver=RESOLVER)
    assert codes(scene.judged(SITE)) == ["stale-name"]


def test_a_nexus_that_stays_is_none(scene):
    """One address, one MAC, one name."""
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com")
    scene.lookup(IPAD, LAB, NEXUS, resolver=RESOLVER)
    scene.tls(IPAD, NEXUS, LAB, port=9001)
    assert codes(scene.judged(SITE)) == []


# ------------------------------------------------------------------- the others


@pytest.mark.parametrize("device", [IPAD, PC])
def test_cloudflare_may_be_set_as_resolver(scene, device):
    """1.1.1.1 for iPad and PC; 1.0.0.1 is a reading."""
    assert ruled(scene, scene.lookup(device, LAB, NEXUS, resolver="1.1.1.1"))[:2] == ("expected", "sk-dns-cloudflare")
    second = scene.lookup(device, LAB, NEXUS, resolver="1.0.0.1")
    assert ruled(scene, second)[:2] == ("expected", "sk-dns-cloudflare-second")
    assert str(RULES["sk-dns-cloudflare-second"].basis) == "reading"


def test_the_pcs_address_stands_in_the_prose_and_lint_says_that_the_table_lacks_it(scene):
    """Documented, for the PC only."""
    assert ruled(scene, scene.tls(PC, PUBLIC, "skalacontrol.io"))[:2] == ("expected", "sk-browser")
    assert str(RULES["sk-browser"].basis) == "documented"
    assert any("sk-browser" in remark.rules for remark in lint(PACK))


@pytest.mark.parametrize("region", ["eu", "jp"])
@pytest.mark.parametrize("label", ["", "-websocket"])
def test_three_regions_are_three_variants(region, label):
    """Which one a site belongs to, its names tell; or the profile does."""
    name = f"{region}{label}.skalacontrol.com"
    scene = Scene()
    row = scene.tls(NEXUS, PUBLIC, name)
    made = scene.judged(SITE)
    assert (made.variants, verdict(made, row)) == ((("skala", region),), "expected")
    assert scene.judged(SITE, profiles=[f"skala:{region}"]).variants == (("skala", region),)
    assert PACK.variants == ("global", "eu", "jp")


def test_one_gigabit_or_faster_is_not_observable(scene):
    """What was carried and what was sent again is told; the link's speed is not seen."""
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com", resp_octets=1_250_000)
    made = scene.judged(SITE)
    assert outcome(made, "sk-link-rate") == "not_observable"
    assert "at most 10.01 Mbit/s" in because(made, "sk-link-rate")


def test_loss_under_load_is_reported(scene):
    """As the share of the payload that was sent again."""
    scene.tls(
        NEXUS, PUBLIC, "skalacontrol.com", orig_payload_octets=0, resp_payload_octets=1000, resp_retransmitted=250
    )
    assert "25.0% of the payload was sent again" in answer(scene.judged(SITE), "sk-link-rate").because


def test_without_a_site_file_the_devices_tell_themselves(scene):
    """The NEXUS by its name's address, the iPad by the IoT endpoint."""
    scene.lookup(IPAD, LAB, NEXUS, resolver=RESOLVER)
    scene.tls(IPAD, NEXUS, LAB, port=9001)
    scene.tls(IPAD, PUBLIC, "iot-prod.skalacontrol.com")
    made = scene.judged(NOWHERE)
    assert {(host.host, host.role) for host in made.hosts} == {(NEXUS, "nexus"), (IPAD, "ipad")}
