"""How the MachineMetrics document is read, row by row."""

import pytest

from analyzer.rulelint import lint
from analyzer.rulepack import shipped
from analyzer.sitefile import TOPOLOGIES, Site, SiteHost
from tests.builders.site import (
    API,
    BEGIN,
    EDGE,
    GOOGLE,
    MACHINE,
    MACS,
    NOWHERE,
    PC,
    PUBLIC,
    RESOLVER,
    STORE,
    UPLOADS,
    Scene,
    answer,
    because,
    codes,
    outcome,
    verdict,
)

PACK = next(pack for pack in shipped() if pack.name == "machinemetrics")
RULES = {rule.id: rule for rule in PACK.rules}
STATIC = [
    (name, address)
    for rule in PACK.rules
    if rule.to.at and "443/tcp" in {f"{port.number}/{port.proto}" for port in rule.to.ports}
    for name in rule.to.names
    for address in rule.to.at
]
GOV_API = ("18.252.129.108", "18.254.70.116", "182.30.131.220")
NATS = ("54.218.103.126", "52.24.16.63", "52.34.161.223", "35.155.82.103")
STREAM = "stream.machinemetrics-us-gov.com"
PROXY = "10.7.0.8"
PLANT = (SiteHost("edge-1", "edge", (EDGE,)), SiteHost("m1", "machine", (MACHINE,), (), "standard"))
GOV = Site(hosts=PLANT, profiles=("machinemetrics:govcloud",))


@pytest.fixture
def scene():
    """A site whose Edge has shown itself."""
    made = Scene(duration_s=300)
    made.edge()
    return made


def ruled(scene, row, site=NOWHERE):
    """Verdict, rule and codes of a flow."""
    made = scene.judged(site)
    return verdict(made, row), made.flows.rule[row], made.flows.codes[row]


def found(scene, row, site=NOWHERE):
    """Codes and severities of the findings on a flow."""
    return [(made.code, str(made.severity)) for made in scene.judged(site).findings if row in made.flows]


# ------------------------------------------------------------------ direction


@pytest.mark.parametrize("port", [22, 53, 443, 502, 7422, 61234])
@pytest.mark.parametrize("proto", [6, 17])
@pytest.mark.parametrize(("who", "severity"), [(PUBLIC, "high"), (PC, "low")])
def test_nobody_opens_a_flow_to_the_edge(scene, who, severity, proto, port):
    """Unexpected whatever its port; from inside the company network it is less severe: a person may be at work."""
    row = scene.flow(who, EDGE, port, proto=proto, orig_p=50123)
    assert ruled(scene, row)[0] == "unexpected"
    assert found(scene, row) == [("inbound-connection", severity)]


def test_the_machine_network_is_not_outside(scene):
    """A machine that speaks first to its Edge is no inbound flow."""
    scene.poll(EDGE, MACHINE)
    assert ruled(scene, scene.flow(MACHINE, EDGE, 7878, service="shdr"))[0] == "expected"


# ------------------------------------------------------------ the table of ports


@pytest.mark.parametrize("port", [443, 7422])
def test_the_port_alone_never_makes_443_or_7422_expected(scene, port):
    """The table of names or of addresses must match as well."""
    assert ruled(scene, scene.tls(EDGE, PUBLIC, "files.example", port=port))[0] == "unexpected"


@pytest.mark.parametrize(("server", "port"), [(GOOGLE, 53), (RESOLVER, 53), (RESOLVER, 123), (PUBLIC, 123)])
def test_what_runs_on_53_and_123_must_be_dns_and_ntp(scene, server, port):
    """Another protocol there breaks the row; what was not recognised stays open."""
    assert ruled(scene, scene.udp(EDGE, server, port, service="openvpn"))[2] == ("payload-mismatch",)
    assert ruled(scene, scene.udp(EDGE, server, port))[0] == "undetermined"


@pytest.mark.parametrize(
    ("server", "site"),
    [(GOOGLE, NOWHERE), ("8.8.4.4", NOWHERE), (RESOLVER, NOWHERE), ("9.9.9.9", Site(resolvers=("9.9.9.9",)))],
)
def test_dns_over_tcp_53_is_a_reading_for_the_same_resolvers(scene, server, site):
    """A truncated answer is asked again over TCP."""
    row = scene.flow(EDGE, server, 53, service="dns")
    word, rule, _ = ruled(scene, row, site)
    assert (word, str(RULES[rule].basis)) == ("expected", "reading")
    assert any(note.startswith(f"{rule} is a reading: ") for note in scene.judged(site).notes)


def test_dns_over_tcp_to_another_public_resolver_is_no_better_than_over_udp(scene):
    """Unexpected, at low severity."""
    row = scene.flow(EDGE, "9.9.9.9", 53, service="dns")
    assert found(scene, row) == [("other-resolver", "low")]


# ------------------------------------------------------------------- variants


@pytest.mark.parametrize("stated", [{"site": GOV}, {"profiles": ["machinemetrics:govcloud"]}])
def test_the_variant_is_stated_by_the_site_file_or_the_command_line(scene, stated):
    """Then it is not inferred, and the other table's names are unexpected."""
    row = scene.tls(EDGE, PUBLIC, API)
    made = scene.judged(**stated)
    assert (made.variants, verdict(made, row)) == ((("machinemetrics", "govcloud"),), "unexpected")
    assert made.flows.codes[row] == ("other-variant",)


@pytest.mark.parametrize(
    ("name", "address", "variant"),
    [(STORE, PUBLIC, "standard"), ("api.machinemetrics-us-gov.com", GOV_API[0], "govcloud")],
)
def test_the_variant_is_else_inferred_from_the_names_seen(name, address, variant):
    """And a note says from what."""
    scene = Scene()
    scene.tls(EDGE, address, name)
    made = scene.judged(Site(hosts=PLANT))
    assert made.variants == (("machinemetrics", variant),)
    assert any(f"variant {variant}, inferred: " in note and name in note for note in made.notes)


def test_both_variants_on_one_edge_are_a_finding(scene):
    """On two Edges they are none."""
    scene.tls(EDGE, GOV_API[0], "api.machinemetrics-us-gov.com")
    assert codes(scene.judged()) == ["two-variants"]
    apart = Scene()
    apart.edge()
    apart.tls("10.7.0.11", "18.253.182.20", "api.balena.machinemetrics-us-gov.com")
    assert codes(apart.judged()) == []


# ------------------------------------------------------------ static addresses


def test_eight_balena_names_and_the_api_have_documented_addresses():
    """Eleven pairs of name and address on 443."""
    assert sum("balena" in name for name, _ in STATIC) == 8
    assert {address for name, address in STATIC if "balena" in name} == {"18.253.182.20"}
    assert tuple(address for name, address in STATIC if name.startswith("api.machinemetrics")) == GOV_API


@pytest.mark.parametrize(("name", "address"), STATIC)
def test_a_name_with_documented_addresses_is_bound_to_them(name, address):
    """At such an address it is expected; elsewhere a resolver or a middlebox redirects it, and that is a finding."""
    scene = Scene()
    good, bad = scene.tls(EDGE, address, name), scene.tls(EDGE, PUBLIC, name)
    made = scene.judged(GOV)
    assert [verdict(made, row) for row in (good, bad)] == ["expected", "unexpected"]
    assert [(held.code, held.flows) for held in made.findings] == [("name-at-other-address", (bad,))]


def test_a_redirected_name_is_found_without_a_site_file_too():
    """The redirected flow itself may be all that tells the Edge."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, "cloudlink.balena.machinemetrics-us-gov.com")
    assert ruled(scene, row)[2] == ("name-at-other-address",)


def test_names_without_documented_addresses_may_be_anywhere():
    """The web application and the buckets have none."""
    scene = Scene()
    names = ["app.machinemetrics-us-gov.com", "machinemetrics-deploy.s3.us-gov-east-1.amazonaws.com"]
    rows = [scene.tls(EDGE, PUBLIC, name) for name in names]
    assert {verdict(scene.judged(GOV), row) for row in rows} == {"expected"}


def test_the_odd_address_is_kept_as_documented_and_remarked():
    """182.30.131.220 stands twice; its rules note that it may be a misprint, and lint says so."""
    holders = {rule.id for rule in PACK.rules if "182.30.131.220" in (*rule.to.at, *rule.to.addresses)}
    assert holders == {"mm-gov-api", "mm-gov-stream", "mm-nats-gov-3"}
    assert all("misprint" in RULES[rule].note for rule in holders)
    assert any("182.30.131.220" in remark.text for remark in lint(PACK))
    scene = Scene()
    assert ruled(scene, scene.flow(EDGE, "182.30.131.220", 7422, service="nats"), GOV)[0] == "expected"


# ----------------------------------------------------------------------- NATS


@pytest.mark.parametrize("address", NATS)
@pytest.mark.parametrize("service", ["nats", "tls"])
def test_nats_is_matched_by_four_addresses_and_7422(scene, address, service):
    """By no name, with INFO first or TLS at once; at another port the address says nothing."""
    assert ruled(scene, scene.flow(EDGE, address, 7422, service=service))[0] == "expected"
    assert ruled(scene, scene.flow(EDGE, address, 4222, service="nats"))[0] == "unexpected"


@pytest.mark.parametrize("name", ["", API, "stream.machinemetrics.com", STREAM])
def test_7422_to_any_other_address_is_unexpected_whatever_its_name(scene, name):
    """A documented name of another row does not excuse it, nor the GovCloud stream's elsewhere."""
    row = scene.tls(EDGE, PUBLIC, name, port=7422)
    for site in (NOWHERE, GOV):
        assert ruled(scene, row, site)[0] == "unexpected"


@pytest.mark.parametrize("address", GOV_API)
def test_the_govcloud_stream_has_its_name_its_addresses_and_its_port(address):
    """7422 at a GovCloud address is expected by name; the name on 443 is not."""
    scene = Scene()
    good, bad = scene.tls(EDGE, address, STREAM, port=7422), scene.tls(EDGE, address, STREAM)
    made = scene.judged(GOV)
    assert [verdict(made, row) for row in (good, bad)] == ["expected", "unexpected"]
    assert outcome(made, "mm-gov-stream") == "holds"


# -------------------------------------------------------------------- wildcards


@pytest.mark.parametrize(
    "name", ["a.balena-cloud.com", "a.b.balena-cloud.com", "A.Balena-Cloud.COM", "vpn.balena-cloud.com."]
)
def test_a_star_stands_for_one_or_more_labels(scene, name):
    """Without regard to case and the trailing dot."""
    assert ruled(scene, scene.tls(EDGE, PUBLIC, name))[:2] == ("expected", "mm-std-balena")


@pytest.mark.parametrize("name", ["balena-cloud.com", "notbalena-cloud.com", "balena-cloud.com.evil.example"])
def test_a_star_does_not_stand_for_nothing(scene, name):
    """The bare name, a longer last label and a name in front of another domain do not match."""
    assert ruled(scene, scene.tls(EDGE, PUBLIC, name))[0] == "unexpected"


# ------------------------------------------------------------------------- DNS


@pytest.mark.parametrize("address", [GOOGLE, "8.8.4.4"])
def test_google_dns_is_the_default(scene, address):
    """Both addresses, documented."""
    word, rule, _ = ruled(scene, scene.lookup(EDGE, API, PUBLIC, resolver=address))
    assert (word, str(RULES[rule].basis)) == ("expected", "documented")


def test_a_resolver_of_the_site_file_is_expected(scene):
    """Static configuration overrides the default."""
    row = scene.lookup(EDGE, API, PUBLIC, resolver="9.9.9.9")
    assert ruled(scene, row, Site(resolvers=("9.9.9.9",)))[:2] == ("expected", "mm-dns-override")
    named = Site(hosts=(*PLANT, SiteHost("dns", "resolver", ("9.9.9.9",))))
    assert ruled(scene, row, named)[:2] == ("expected", "mm-dns-override")


def test_a_resolver_that_dhcp_handed_out_is_expected(scene):
    """The lease is in the capture."""
    row = scene.lookup(EDGE, API, PUBLIC, resolver="9.9.9.9")
    scene.lease("02:00:00:00:00:77", message="ACK", resolvers=("192.0.2.53", "9.9.9.9"))
    assert ruled(scene, row)[:2] == ("expected", "mm-dns-override")


@pytest.mark.parametrize("address", ["10.99.0.1", "172.31.0.1", "192.168.1.1", "fd00::53"])
def test_a_resolver_on_a_private_address_is_expected_by_a_reading(scene, address):
    """Nothing in the capture handed it out, yet it is the site's own."""
    word, rule, _ = ruled(scene, scene.lookup(EDGE, API, PUBLIC, resolver=address))
    assert (word, str(RULES[rule].basis)) == ("expected", "reading")


@pytest.mark.parametrize("address", ["fe80::1", "100.64.0.1", "169.254.1.1"])
def test_no_local_address_is_called_a_public_resolver(scene, address):
    """A router that answers at its link-local address, or a carrier's resolver behind its NAT, is no public one."""
    assert ruled(scene, scene.lookup(EDGE, API, PUBLIC, resolver=address))[0] == "expected"


@pytest.mark.parametrize("address", ["9.9.9.9", "1.1.1.1", "2620:fe::fe"])
def test_another_public_resolver_is_unexpected_at_low_severity(scene, address):
    """The document names two."""
    row = scene.lookup(EDGE, API, PUBLIC, resolver=address)
    assert (ruled(scene, row)[0], found(scene, row)) == ("unexpected", [("other-resolver", "low")])


def test_google_first_and_silent_is_the_finding_and_the_fallback_expected(scene):
    """The Edge falls back to configured servers, says the document."""
    asked = [scene.lookup(EDGE, API, resolver=GOOGLE, unanswered=True) for _ in range(3)]
    row = scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    made = scene.judged()
    assert codes(made) == ["dns-no-answer"]
    assert str(made.findings[0].severity) == "low"
    assert made.findings[0].flows == tuple(asked)
    assert verdict(made, row) == "expected"


def test_what_is_asked_for_breaks_no_row(scene):
    """A lookup of an undocumented name is expected and noted; the flow that follows is judged."""
    asked = scene.lookup(EDGE, "files.example", PUBLIC)
    followed = scene.tls(EDGE, PUBLIC, "files.example")
    made = scene.judged()
    assert [verdict(made, row) for row in (asked, followed)] == ["expected", "unexpected"]
    assert any("files.example" in note and "no breach" in note for note in made.notes)


# ------------------------------------------------------------------------- NTP


def clock(scene, server, name=""):
    """An NTP exchange, after a lookup of its name where it has one."""
    return scene.clock(EDGE, server, server_name=name, server_name_basis="dns" if name else "")


@pytest.mark.parametrize("name", ["0.resinio.pool.ntp.org", "3.resinio.pool.ntp.org", ""])
def test_ntp_is_matched_by_port_and_payload(scene, name):
    """The pool's addresses cannot be checked; an unknown name may be one of them."""
    assert ruled(scene, clock(scene, PUBLIC, name))[0] == "expected"


@pytest.mark.parametrize("name", ["time.example", "resinio.pool.ntp.org", "0.pool.ntp.org"])
def test_a_time_server_with_another_public_name_is_unexpected_at_low_severity(scene, name):
    """Its name comes from a DNS answer just before."""
    row = clock(scene, PUBLIC, name)
    assert (ruled(scene, row)[0], found(scene, row)) == ("unexpected", [("other-ntp-server", "low")])


def test_a_time_server_of_the_site_is_expected(scene):
    """On a private address, named by the site file, or handed out by DHCP."""
    assert ruled(scene, clock(scene, "10.99.0.1", "clock.acme.example"))[0] == "expected"
    row = clock(scene, PUBLIC, "time.example")
    assert ruled(scene, row, Site(ntp=(PUBLIC,)))[0] == "expected"
    scene.lease("02:00:00:00:00:77", message="ACK", ntp_servers=(PUBLIC,))
    assert ruled(scene, row)[0] == "expected"


# ------------------------------------------------------------- machine protocols

PORTS = [
    (rule.id, port.number, (*rule.to.payload, "")[0])
    for rule in PACK.rules
    if rule.id.startswith("mm-machine-") and str(rule.basis) == "documented"
    for port in rule.to.ports
]


@pytest.mark.parametrize(("rule", "port", "service"), PORTS)
def test_a_machine_port_is_the_responders_over_tcp(scene, rule, port, service):
    """The same number on the Edge's own side of a handshake proves nothing, and UDP is another row."""
    assert ruled(scene, scene.poll(EDGE, MACHINE, service, port))[:2] == ("expected", rule)
    assert ruled(scene, scene.flow(EDGE, PC, 61000, orig_p=port))[0] == "unexpected"
    if service != "ethernet-ip":
        assert ruled(scene, scene.udp(EDGE, MACHINE, port, service=service))[0] == "unexpected"


@pytest.mark.parametrize(("rule", "port", "service"), PORTS)
def test_a_machine_port_alone_makes_nobody_a_machine_or_an_edge(rule, port, service):
    """Two hosts of an office that speak something else on such a port have no role."""
    scene = Scene()
    row = scene.flow("10.7.0.98", "10.7.0.99", port, service="tls")
    other = scene.flow("10.7.0.98", "10.7.0.97", port)
    made = scene.judged()
    assert (made.hosts, verdict(made, row), verdict(made, other)) == ((), "not_judged", "not_judged")


@pytest.mark.parametrize(
    ("rule", "port", "service"),
    [("mm-machine-ethernet-ip-list", 44818, "ethernet-ip"), ("mm-machine-ethernet-ip-io", 2222, "")],
)
def test_ethernet_ip_over_udp_is_a_reading(scene, rule, port, service):
    """Not documented, plausible, reported as such."""
    row = scene.udp(EDGE, MACHINE, port, service=service)
    assert ruled(scene, row)[:2] == ("expected", rule)
    assert str(RULES[rule].basis) == "reading"
    assert any(note.startswith(f"{rule} is a reading: not documented, but plausible") for note in scene.judged().notes)


def test_683_is_one_rule_with_two_names(scene):
    """What kind of machine it is stays open until the site file says."""
    holders = [rule for rule in PACK.rules if any(port.number == 683 for port in rule.to.ports)]
    assert [rule.title for rule in holders] == ["Citizen M700 or Mitsubishi"]
    scene.poll(EDGE, MACHINE, "giop", 683)
    told = Site(hosts=(PLANT[0], SiteHost("m1", "machine", (MACHINE,), (), "standard", "mitsubishi")))
    assert [held.protocol for held in scene.judged(told).budgets if held.role == "machine"] == ["mitsubishi"]
    assert any("683" in remark.text for remark in lint(PACK))


# ------------------------------------------------------------------- bandwidth


def uploading(bps, duration_s=300):
    """An Edge that uploads at this rate."""
    scene = Scene(duration_s=duration_s)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=int(bps * duration_s / 8), start_ns=BEGIN)
    return scene


@pytest.mark.parametrize(
    ("grade", "bps", "expected"),
    [("standard", 1250, "holds"), ("standard", 1260, "fails"), ("focas", 6250, "holds"), ("focas", 6260, "fails")],
)
def test_a_kilobit_is_1000_bit_and_about_is_a_quarter(grade, bps, expected):
    """1 kbps for a standard machine and 5 for FOCAS, each with 25 % of tolerance."""
    site = Site(hosts=(PLANT[0], SiteHost("m1", "machine", (MACHINE,), (), grade)))
    assert outcome(uploading(bps).judged(site), f"mm-rate-up-{grade}") == expected


def test_the_site_file_can_change_the_tolerance():
    """To none at all, for one."""
    assert outcome(uploading(1010).judged(Site(hosts=PLANT)), "mm-rate-up-standard") == "holds"
    assert outcome(uploading(1010).judged(Site(hosts=PLANT, tolerance=0.0)), "mm-rate-up-standard") == "fails"


@pytest.mark.parametrize(
    ("duration_s", "told"), [(120, "over the whole capture of 2 min"), (3600, "over 5 min (95th percentile")]
)
def test_the_figure_says_over_what_it_is_a_mean_and_which_octets_count(duration_s, told):
    """Five minutes, or the whole capture where that is shorter; at IP length."""
    figure = because(uploading(500, duration_s).judged(Site(hosts=PLANT)), "mm-rate-up-standard")
    assert f"kbps at IP length {told}" in figure


def test_an_edge_is_granted_the_sum_over_its_machines_and_a_share_is_an_estimate(scene):
    """1 kbps for one standard machine and 5 for one FOCAS; shares go by what was collected, each side is measured."""
    scene.poll(EDGE, MACHINE, "modbus", 502, orig_octets=100, resp_octets=1000)
    scene.poll(EDGE, "10.7.0.22", "focas", 8193, orig_octets=100, resp_octets=3000, start_ns=BEGIN)
    made = scene.judged()
    edge, modbus, focas = made.budgets
    assert (edge.budget_bps, modbus.budget_bps, focas.budget_bps) == (6000, 1000, 5000)
    assert modbus.estimate.mean_bps == pytest.approx(edge.rate.mean_bps / 4)
    assert focas.estimate.mean_bps == pytest.approx(edge.rate.mean_bps * 3 / 4)
    assert focas.rate.mean_bps == pytest.approx(3100 * 8 / 300)


@pytest.mark.parametrize(("bps", "expected"), [(5000, "holds"), (5100, "fails")])
def test_a_browsers_download_is_held_against_its_machines(scene, bps, expected):
    """Two machines: 500 bps on the dashboard, 4 kbps for workcenter views, and a quarter."""
    scene.poll(EDGE, MACHINE)
    scene.poll(EDGE, "10.7.0.22")
    scene.tls(PC, PUBLIC, "app.machinemetrics.com", resp_octets=int(bps * 300 / 8), start_ns=BEGIN)
    made = scene.judged()
    assert next(held.budget_bps for held in made.budgets if held.role == "browser") == 500
    assert outcome(made, "mm-rate-down-workcenter") == expected


@pytest.mark.parametrize(
    ("rule", "told"), [("mm-plan-up", "need 50 to 250 kbps"), ("mm-plan-down", "need 12.5 to 100 kbps")]
)
def test_fifty_machines_need_exactly_the_documents_figures(scene, rule, told):
    """50 times 1 and 5 kbps, 50 times 250 bps and 2 kbps."""
    made = scene.judged()
    assert (outcome(made, rule), told in because(made, rule)) == ("holds", True)


# ------------------------------------------------------------------------- DPI


def test_five_groups_are_exempt_and_all_encrypted_traffic_beside_them(scene):
    """Each is of the highest severity; one capture that shows no sign cannot tell, and says what could."""
    scene.tls(EDGE, PUBLIC, API)
    scene.tls(EDGE, PUBLIC, "a.balena-cloud.com")
    scene.tls(EDGE, NATS[0], port=7422)
    scene.tls(EDGE, PUBLIC, "notify.bugsnag.com")
    made = scene.judged()
    groups = {rule: answer(made, f"mm-dpi-{rule}") for rule in ("domains", "balena", "s3", "nats", "https")}
    assert {str(held.outcome) for held in groups.values()} == {"not_observable"}
    assert {rule: held.flows for rule, held in groups.items()} == {
        "domains": 1, "balena": 1, "s3": 1, "nats": 1, "https": 5,
    }  # fmt: skip
    assert {str(RULES[held.rule].severity) for held in groups.values()} == {"critical"}
    assert all("dumpcap" in held.because for held in groups.values())


# ----------------------------------------------------------------------- proxy


def test_a_flow_to_a_proxy_is_judged_by_whom_its_request_names(scene):
    """CONNECT or absolute form; the proxy's own address and port say nothing."""
    good = scene.connect(EDGE, PROXY, API)
    bad = scene.connect(EDGE, PROXY, "files.example")
    port = scene.connect(EDGE, PROXY, API, port=8443)
    plain = scene.flow(EDGE, PROXY, 3128, service="http")
    scene.request(plain, form="absolute", host="files.example", port=80)
    made = scene.judged()
    assert [verdict(made, row) for row in (good, bad, port, plain)] == ["expected"] + ["unexpected"] * 3


def test_proxy_credentials_in_clear_are_a_finding_and_shown_nowhere(scene):
    """Only that they were there is known."""
    scene.connect(EDGE, PROXY, API)
    scene.rows["http"][-1]["proxy_credentials"] = True
    made = scene.judged()
    assert (codes(made), outcome(made, "mm-proxy")) == (["proxy-credentials-clear"], "fails")


# --------------------------------------------------------- interfaces, topologies

MACHINE_SIDE, ROBOT, PORT = "192.168.50.1", "192.168.50.21", "00:16:3e:00:00:aa"
TWO_PORTS = (SiteHost("edge-1", "edge", (EDGE, MACHINE_SIDE), (MACS[EDGE], PORT)), SiteHost("m1", "machine", (ROBOT,)))


def test_dhcp_by_the_edge_on_the_machine_network_is_a_violation():
    """On the company network the Edge may lease."""
    site = Site(hosts=TWO_PORTS, topology="isolated", machine_networks=("192.168.50.0/24",))
    scene = Scene()
    scene.poll(MACHINE_SIDE, ROBOT, orig_mac=PORT)
    scene.lease(MACS[EDGE], assigned=EDGE, message="ACK")
    assert codes(scene.judged(site)) == []
    scene.lease(PORT, assigned=MACHINE_SIDE, message="ACK", server="192.168.50.9")
    made = scene.judged(site)
    assert (codes(made), outcome(made, "mm-lan1-static")) == (["dhcp-on-machine-network"], "fails")
    assert str(made.findings[0].severity) == "high"


@pytest.mark.parametrize(
    ("orig", "resp", "breaks"),
    [
        (MACHINE_SIDE, ROBOT, False),
        (ROBOT, MACHINE_SIDE, False),
        (ROBOT, "192.168.50.22", False),
        (ROBOT, PUBLIC, True),
        (ROBOT, EDGE[:-2] + "99", True),
        ("10.7.0.99", ROBOT, True),
    ],
)
def test_an_isolated_machine_speaks_with_the_edge_and_its_own_network_only(orig, resp, breaks):
    """Machines have no internet access, and no way into the company's network."""
    scene = Scene()
    scene.poll(MACHINE_SIDE, ROBOT, orig_mac=PORT)
    scene.flow(orig, resp, 8193)
    made = scene.judged(Site(hosts=TWO_PORTS, topology="isolated", machine_networks=("192.168.50.0/24",)))
    assert outcome(made, "mm-machines-isolated") == ("fails" if breaks else "holds")


def test_the_five_topologies_are_known_by_name(scene):
    """Each has its own lines of the document."""
    assert TOPOLOGIES == ("company", "isolated", "wireless-lan", "wireless", "cellular")
    own = {
        "company": "mm-company-ports", "isolated": "mm-machines-isolated", "wireless-lan": "mm-wlan-coverage",
        "wireless": "mm-wireless-signal", "cellular": "mm-cellular-plan",
    }  # fmt: skip
    for topology, rule in own.items():
        rules = {held.rule for held in scene.judged(Site(hosts=PLANT, topology=topology)).rules}
        assert (rule in rules, len(rules & set(own.values()))) == (True, 1)


def test_a_cellular_sites_report_leads_with_megabytes_a_month(scene):
    """It stands in front of all other notes."""
    scene.lookup(EDGE, "files.example", PUBLIC, resolver=RESOLVER)
    made = scene.judged(Site(hosts=PLANT, topology="cellular"))
    assert made.notes[0].startswith("cellular: at the rate of this capture ")
    assert "MB a month" in made.notes[0]


# ------------------------------------------------------------- steps and checklist

STEPS = ("Edge Device Not Connecting", "Machines Not Reporting Data", "Intermittent Connectivity")


def test_thirteen_steps_and_seven_items_are_answered(scene):
    """Each with an outcome and why, in the document's order."""
    items = scene.judged().checklist
    assert [sum(item.cite.section == section for item in items) for section in (*STEPS, "Network Checklist")] == [
        5, 4, 4, 7,
    ]  # fmt: skip
    assert all(item.because for item in items)
    assert all(item.item in PACK.text for item in items)


def test_what_a_capture_cannot_tell_says_what_would(scene):
    """Wi-Fi signal strength, for one."""
    item = next(item for item in scene.judged().checklist if "WiFi signal" in item.item)
    assert (str(item.outcome), "what would tell: " in item.because) == ("not_observable", True)


def test_steps_hold_with_the_flows_that_show_them(scene):
    """What nobody tried is not observed."""
    scene.lookup(EDGE, API, PUBLIC)
    scene.clock(EDGE, "192.0.2.9")
    items = {item.item: str(item.outcome) for item in scene.judged().checklist}
    assert (items["DNS resolution is working"], items["NTP synchronization is available"]) == ("holds", "holds")
    assert items["Machine network is accessible from Edge device location"] == "not_observed"
    assert scene.judged().findings == ()
