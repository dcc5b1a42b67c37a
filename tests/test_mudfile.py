"""Manufacturer Usage Descriptions as rule packs."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import api, rulepack
from analyzer.cli import main
from analyzer.errors import RulePackError
from analyzer.findings import Basis
from analyzer.mudfile import MOST_PORTS, pack_of
from analyzer.rulepack import Destination, Port

CAPTURES = Path(__file__).resolve().parent.parent / "captures"


def ace(name, forwarding="accept", **matches):
    """An entry of an access list; `mud`, `dst` and `src` stand for the keys that have a module's name in front."""
    keys = {"mud": "ietf-mud:mud"}
    return {
        "name": name,
        "matches": {keys.get(key, key): value for key, value in matches.items()},
        "actions": {"forwarding": forwarding},
    }


def tcp(port, end="destination-port", opened="from-device"):
    """TCP to or from a port, and who opens it."""
    return {"ietf-mud:direction-initiated": opened, end: {"operator": "eq", "port": port}}


BULB = {
    "ietf-mud:mud": {
        "mud-version": 1,
        "mud-url": "https://lighting.example.com/lightbulb2000",
        "last-update": "2019-01-28T11:20:51+01:00",
        "cache-validity": 48,
        "is-supported": True,
        "systeminfo": "A light bulb",
        "mfg-name": "Example, Inc.",
        "documentation": "https://lighting.example.com/docs",
        "from-device-policy": {"access-lists": {"access-list": [{"name": "bulb-v6fr"}, {"name": "bulb-v4fr"}]}},
        "to-device-policy": {"access-lists": {"access-list": [{"name": "bulb-v6to"}]}},
    },
    "ietf-access-control-list:acls": {
        "acl": [
            {"name": "bulb-v6to", "type": "ipv6-acl-type", "aces": {"ace": [
                ace("cl0-todev", ipv6={"ietf-acldns:src-dnsname": "test.example.com", "protocol": 6},
                    tcp=tcp(443, "source-port")),
            ]}},
            {"name": "bulb-v6fr", "type": "ipv6-acl-type", "aces": {"ace": [
                ace("cl0-frdev", ipv6={"ietf-acldns:dst-dnsname": "test.example.com", "protocol": 6}, tcp=tcp(443)),
            ]}},
            {"name": "bulb-v4fr", "type": "ipv4-acl-type", "aces": {"ace": [
                ace("cl0-frdev", ipv4={"ietf-acldns:dst-dnsname": "Test.Example.com.", "protocol": 6}, tcp=tcp(443)),
                ace("my host", ipv4={"destination-ipv4-network": "203.0.113.9/32", "protocol": 17},
                    udp={"destination-port": {"lower-port": 5000, "upper-port": 5002}}),
                ace("a net", "ietf-access-control-list:accept", ipv4={"destination-ipv4-network": "203.0.113.7/24"}),
                ace("local", mud={"local-networks": [None]}, ipv4={"protocol": 6}, tcp=tcp(80)),
                ace("hub", mud={"my-controller": [None]}, ipv4={"protocol": 17},
                    udp={"destination-port": {"operator": "gte", "port": 40000}}),
                ace("dns", mud={"controller": "urn:ietf:params:mud:dns"}, ipv4={"protocol": 17},
                    udp={"destination-port": {"operator": "eq", "port": 53}}),
                ace("no time", "drop", mud={"controller": "urn:ietf:params:mud:ntp"}, ipv4={"protocol": 17}),
                ace("ping", ipv4={"protocol": 1}),
                ace("arp", eth={"ethertype": "0x0806"}),
                ace("answers", ipv4={"protocol": 6}, tcp=tcp(8080, "source-port", "to-device")),
                ace("coap", ipv4={"protocol": 17}, udp={"source-port": {"operator": "eq", "port": 5683}}),
            ]}},
        ]
    },
}  # fmt: skip
"""In the style of RFC 8520, section 9, with what other makers' files hold beside it."""


@pytest.fixture
def read(tmp_path):
    """A description, as JSON or as text, read as a pack."""

    def put(described, name="device.json", **how):
        file = tmp_path / name
        file.write_text(described if isinstance(described, str) else json.dumps(described, **how), encoding="utf-8")
        return pack_of(file)

    return put


def destinations(pack):
    """The destination rules by id."""
    return {rule.id: rule for rule in pack.rules if rule.kind == "destination"}


@pytest.mark.parametrize("how", [{"indent": 1}, {"indent": "\t"}, {"separators": (",", ":")}])
def test_a_makers_file_is_a_pack(read, how):
    """However it is laid out; entries of both families that say the same are one rule."""
    pack = read("\t" + json.dumps(BULB, **how) + "\n")
    assert (pack.name, pack.title) == ("mud-lighting-example-com-lightbulb2000", "A light bulb")
    assert [role.name for role in pack.roles] == ["device"]
    assert {key: rule.to for key, rule in destinations(pack).items()} == {
        "cl0-frdev": Destination(names=("test.example.com",), ports=(Port(443, "tcp"),)),
        "my-host": Destination(
            addresses=("203.0.113.9",), ports=(Port(5000, "udp"), Port(5001, "udp"), Port(5002, "udp"))
        ),
        "a-net": Destination(addresses=("203.0.113.0/24",)),
        "local": Destination(addresses=destinations(pack)["local"].to.addresses, ports=(Port(80, "tcp"),)),
        "hub": Destination(addresses=destinations(pack)["local"].to.addresses),
        "dns": Destination(role="resolver", payload=("dns",), ports=(Port(53, "udp"),)),
        "dns-tcp": Destination(role="resolver", payload=("dns",), ports=(Port(53, "tcp"),)),
    }
    assert {"10.0.0.0/8", "fc00::/7"} <= set(destinations(pack)["local"].to.addresses)


def test_what_is_read_into_a_file_is_a_reading(read):
    """Groups of hosts, wide ranges of ports and what is denied by default; the entries' own words are documented."""
    pack = read(BULB)
    rules = destinations(pack)
    assert {key for key, rule in rules.items() if rule.basis is Basis.READING} == {"local", "hub", "dns-tcp"}
    assert f"more than {MOST_PORTS} ports" in rules["hub"].because
    assert {rule.kind for rule in pack.rules if rule.kind != "destination"} == {"only-documented", "no-inbound"}
    assert not any(rule.required for rule in rules.values())


def test_what_makes_no_rule_is_told_with_its_place(read):
    """By list, row and name, and with the line."""
    omitted = read(BULB, indent=1).not_rules
    told = {(entry.cite.section, entry.cite.row, entry.cite.quote): entry for entry in omitted}
    assert {key: entry.reason.split(";")[0] for key, entry in told.items()} == {
        ("bulb-v4fr", 7, "no time"): "rules only allow",
        ("bulb-v4fr", 8, "ping"): "neither TCP nor UDP: no rule is about it",
        ("bulb-v4fr", 9, "arp"): "below IP: housekeeping of the link",
        ("bulb-v4fr", 10, "answers"): "an answer to what others open",
        ("bulb-v4fr", 11, "coap"): "an answer from a port of the device",
    }
    lines = json.dumps(BULB, indent=1).splitlines()
    assert all(lines[entry.line].strip() == f'"name": "{entry.cite.quote}",' for entry in omitted)


@pytest.mark.parametrize(
    ("inward", "lets_in"),
    [
        (ace("app", mud={"local-networks": [None]}, ipv6={"protocol": 6}, tcp=tcp(80, opened="to-device")), True),
        (ace("all of the site", mud={"local-networks": [None]}), True),
        (ace("coap", ipv6={"protocol": 17}, udp={"destination-port": {"operator": "eq", "port": 5683}}), True),
        (ace("answers", ipv6={"protocol": 17}, udp={"source-port": {"operator": "eq", "port": 53}}), False),
        (ace("ping", ipv6={"protocol": 58}), False),
        (ace("no", "drop", mud={"local-networks": [None]}), False),
    ],
)
def test_who_may_open_towards_the_device_is_not_forbidden(read, inward, lets_in):
    """A description that lets others in makes no rule against it, and tells; answers let nobody in."""
    described = copy.deepcopy(BULB)
    described["ietf-access-control-list:acls"]["acl"][0]["aces"]["ace"].append(inward)
    pack = read(described)
    assert ("no-inbound" not in {rule.kind for rule in pack.rules}) is lets_in
    assert (("bulb-v6to", 2) in {(entry.cite.section, entry.cite.row) for entry in pack.not_rules}) is lets_in


def test_time_and_names_are_let_through_by_default(read):
    """RFC 8520, Appendix A: by the site's own servers, where the file does not stop them."""
    bare = copy.deepcopy(BULB)
    bare["ietf-mud:mud"]["from-device-policy"]["access-lists"]["access-list"] = []
    roles = {rule.to.role for rule in destinations(read(bare)).values()}
    assert roles == {"resolver", "ntp"}
    assert {rule.to.role for rule in destinations(read(BULB)).values()} == {"resolver", ""}


def test_the_role_is_the_model(read):
    """As a site file may name it, unless it names something else so."""
    for model, role in (("Light Bulb 2000", "light-bulb-2000"), ("resolver", "device"), ("?", "device"), ("7", "x-7")):
        described = copy.deepcopy(BULB)
        described["ietf-mud:mud"]["model-name"] = model
        assert [one.name for one in read(described).roles] == [role]


def test_urls_that_differ_make_packs_that_differ(read):
    """However long they are, and none takes the place of a shipped pack."""
    names = set()
    for url in (
        "https://a.example/" + "x" * 80 + "1",
        "https://a.example/" + "x" * 80 + "2",
        "https://skala",
        "https://?",
    ):
        described = copy.deepcopy(BULB)
        described["ietf-mud:mud"]["mud-url"] = url
        names.add(read(described).name)
    assert len(names) == 4
    assert max(map(len, names)) <= 60
    assert not names & {pack.name for pack in rulepack.shipped()}


def changed(*path, to):
    """The bulb with something else at a place; None takes it away."""
    described = copy.deepcopy(BULB)
    node = described
    for key in path[:-1]:
        node = node[key]
    if to is None:
        del node[path[-1]]
    else:
        node[path[-1]] = to
    return described


LISTS = ("ietf-access-control-list:acls", "acl")
FIRST = (*LISTS, 1, "aces", "ace", 0)
PORT = (*FIRST, "matches", "tcp", "destination-port")
BAD = {
    "no MUD": (changed("ietf-mud:mud", to=None), "line 1: no 'ietf-mud:mud'; expected a MUD file"),
    "no object": ("[1]", "line 1: expected an object, found a list"),
    "no JSON": ('{"ietf-mud:mud": ', "line 1: no YAML"),
    "twice": ('{"a": 1,\n"a": 2}', "line 2: the key 'a' stands here twice"),
    "version": (changed("ietf-mud:mud", "mud-version", to=2), "line 3: expected mud-version 1, found 2"),
    "no url": (changed("ietf-mud:mud", "mud-url", to=None), "no 'mud-url'"),
    "no lists": (changed(LISTS[0], to=None), "no 'ietf-access-control-list:acls'"),
    "lists": (changed(*LISTS, to={}), "expected an array, found a mapping"),
    "unknown list": (changed(*LISTS, 1, "name", to="x"), "no access list is called 'bulb-v6fr'"),
    "same name": (changed(*LISTS, 2, "name", to="bulb-v6fr"), "the access list 'bulb-v6fr' stands here twice"),
    "forwarding": (changed(*FIRST, "actions", "forwarding", to="no"), "expected accept, drop or reject, found 'no'"),
    "name": (changed(*FIRST, "matches", "ipv6", "ietf-acldns:dst-dnsname", to="a b"), "expected a host name"),
    "port": (changed(*PORT, "port", to=70000), "expected a port from 0 to 65535"),
    "operator": (changed(*PORT, "operator", to="x"), "expected eq, lte, gte or neq"),
    "network": (
        changed(*LISTS, 2, "aces", "ace", 1, "matches", "ipv4", "destination-ipv4-network", to="1.2.3.4/99"),
        "expected a network, found '1.2.3.4/99'",
    ),
    "list twice": (
        changed("ietf-mud:mud", "from-device-policy", "access-lists", "access-list", 1, "name", to="bulb-v6fr"),
        "from-device-policy names the access list 'bulb-v6fr' twice",
    ),
    "too many in all": (
        changed(*LISTS, 1, "aces", "ace", to=[ace("x")] * 995),
        "expected 1000 entries at most in all lists of from-device-policy",
    ),
    "too many ports": (
        changed(*LISTS, 1, "aces", "ace", to=[
            ace("x", tcp={"destination-port": {"lower-port": at, "upper-port": at + 250}}) for at in range(50)
        ]),
        "expected 10000 ports at most in all entries",
    ),
    "too many": (changed(*LISTS, 1, "aces", "ace", to=[ace("x")] * 1001), "expected 1000 entries at most, found 1001"),
}  # fmt: skip


def test_what_is_said_again_is_one_rule(read):
    """Its ports count once."""
    span = {"destination-port": {"lower-port": 1000, "upper-port": 1200}}
    pack = read(changed(*LISTS, 1, "aces", "ace", to=[ace("x", tcp=span)] * 900))
    assert sum(len(rule.to.ports) == 201 for rule in pack.rules) == 1


@pytest.mark.parametrize(("described", "said"), BAD.values(), ids=BAD)
def test_bad_files_are_one_line(read, tmp_path, described, said):
    """With path and line; the command line ends with 2."""
    with pytest.raises(RulePackError) as caught:
        read(described, indent=1)
    assert str(caught.value).startswith(f"{tmp_path / 'device.json'}: line ")
    assert said in str(caught.value)
    done = CliRunner().invoke(main, ["rules", "list", "--rules", str(tmp_path / "device.json")], prog_name="analyzer")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    """As with any pack."""
    with pytest.raises(RulePackError, match="cannot be read"):
        pack_of(tmp_path / "none.json")


def places(node, path=()):
    """Every place within a structure."""
    yield path
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, key))


PLACES = [path for path in places(BULB) if path]
ODD = st.sampled_from([0, -1, 1.5, "", "x" * 3000, "\x1b[2J", [], {}, [[]], [None], True, None, 10**17, {"port": {}}])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), ODD)
def test_whatever_stands_anywhere_is_read_or_refused(read, place, odd):
    """With a RulePackError and nothing else."""
    described = copy.deepcopy(BULB)
    node = described
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = odd
    try:
        pack = read(described)
    except RulePackError:
        return
    ids = [rule.id for rule in pack.rules]
    assert len(ids) == len(set(ids))


def test_a_pack_in_json_is_a_pack_still(read):
    """JSON is YAML: what names a pack is none of a maker's."""
    own = {"pack": "mine", "title": "Mine", "roles": [], "rules": []}
    assert read(own).name == "mine"


SAMPLES = [
    ("mm-clean.pcapng.gz", "machinemetrics:standard", "edge"),
    ("mm-faults.pcapng", "machinemetrics:standard", "edge"),
    ("mm-govcloud-clean.pcap", "machinemetrics:govcloud", "edge"),
    ("mm-govcloud-redirect.pcapng", "machinemetrics:govcloud", "edge"),
    ("skala-clean.pcapng.zst", "skala:global", "nexus"),
    ("skala-clean.pcapng.zst", "skala:global", "ipad"),
    ("skala-faults.pcapng", "skala:global", "nexus"),
]


@pytest.mark.parametrize(("capture", "profile", "role"), SAMPLES)
def test_an_exported_description_judges_as_its_pack_does(tmp_path, capture, profile, role):
    """Each flow that a host of the role opens, but those that MUD cannot tell: wildcards, and where a name is."""
    site = api.load_site(str(CAPTURES / f"{capture.partition('.')[0]}.site.yaml"))
    file = tmp_path / "role.json"
    file.write_text(api.export_rules(profile, "mud", site=site, role=role).text, encoding="utf-8")
    pack = api.load_rules(str(file))
    facts = api.observe([str(CAPTURES / capture)])
    packs = [*rulepack.shipped(), pack]
    by_pack = api.judge(facts, site=site, packs=packs, profiles=[profile]).flows
    by_mud = api.judge(facts, site=site, packs=packs, profiles=[pack.name]).flows
    mine = by_pack.orig_h.isin({address for host in site.hosts if host.role == role for address in host.addresses})
    wild = {rule.id for one in rulepack.shipped() for rule in one.rules if any("*" in name for name in rule.to.names)}
    elsewhere = by_pack.codes.map(lambda codes: "name-at-other-address" in codes)
    told = by_pack[mine & ~by_pack.rule.isin(wild) & ~elsewhere]
    assert len(told) >= 3
    assert told.verdict.tolist() == by_mud.loc[told.index].verdict.tolist()
    if "faults" in capture:
        assert {"expected", "unexpected"} <= set(told.verdict)


def test_no_host_has_the_role_by_what_it_does(tmp_path):
    """A person's computer reaches names of the same description: only a site file tells which host is the device."""
    file = tmp_path / "edge.json"
    file.write_text(api.export_rules("machinemetrics:standard", "mud", role="edge").text, encoding="utf-8")
    pack = api.load_rules(str(file))
    facts = api.observe([str(CAPTURES / "mm-clean.pcapng.gz")])
    assert not len(api.judge(facts, packs=[pack], profiles=[pack.name]).hosts)


def test_the_command_takes_it(tmp_path):
    """Beside the shipped packs, by its name."""
    file = tmp_path / "bulb.json"
    file.write_text(json.dumps(BULB), encoding="utf-8")
    done = CliRunner().invoke(main, ["rules", "show", "cl0-frdev", "--rules", str(file)], prog_name="analyzer")
    assert done.exit_code == 0
    assert "test.example.com" in done.stdout
    name = pack_of(file).name
    done = CliRunner().invoke(main, ["rules", "show", name, "--rules", str(file)], prog_name="analyzer")
    assert "ping: neither TCP nor UDP" in " ".join(done.stdout.split())
