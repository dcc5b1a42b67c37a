"""The allow-list as a Manufacturer Usage Description."""

from __future__ import annotations

import json
from ipaddress import ip_network

import jsonschema
import pytest

from analyzer.exporting.allowlist import AllowList, AllowListError, entries, export, mud
from analyzer.rulepack import shipped
from analyzer.sitefile import Site

PACKS = {pack.name: pack for pack in shipped()}
NOW = "2026-01-02T03:04:05+00:00"

PORT = {
    "type": "object", "additionalProperties": False, "required": ["operator", "port"],
    "properties": {"operator": {"enum": ["eq"]}, "port": {"type": "integer", "minimum": 0, "maximum": 65535}},
}  # fmt: skip
SITE = Site(resolvers=("10.7.0.1", "2620:fe::fe"), ntp=("fd00::7b",))
HOST = {"type": "string", "pattern": r"^(?=.{1,253}$)([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9-]+$"}
NETWORK = {"type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"}
LISTS = {
    "type": "object", "additionalProperties": False, "required": ["access-lists"],
    "properties": {"access-lists": {"type": "object", "additionalProperties": False, "required": ["access-list"],
        "properties": {"access-list": {"type": "array", "minItems": 1, "items": {"type": "object",
            "additionalProperties": False, "required": ["name"], "properties": {"name": {"type": "string"}}}}}}},
}  # fmt: skip
NETWORKS = {4: NETWORK, 6: {"type": "string", "pattern": r"^[0-9a-f:.]+/[0-9]{1,3}$"}}


def ace(version):
    """An entry of a list for a version of IP."""
    return {
        "type": "object", "additionalProperties": False, "required": ["name", "matches", "actions"],
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
            "matches": {"type": "object", "additionalProperties": False, "required": [f"ipv{version}"], "properties": {
                "ietf-mud:mud": {"const": {"local-networks": [None]}},
                f"ipv{version}": {"type": "object", "additionalProperties": False, "properties": {
                    "protocol": {"enum": [6, 17]}, "ietf-acldns:dst-dnsname": HOST, "ietf-acldns:src-dnsname": HOST,
                    f"destination-ipv{version}-network": NETWORKS[version],
                    f"source-ipv{version}-network": NETWORKS[version]}},
                "tcp": {"type": "object", "additionalProperties": False, "properties": {
                    "ietf-mud:direction-initiated": {"enum": ["to-device", "from-device"]},
                    "destination-port": PORT, "source-port": PORT}},
                "udp": {"type": "object", "additionalProperties": False,
                        "properties": {"destination-port": PORT, "source-port": PORT}}}},
            "actions": {"type": "object", "additionalProperties": False, "required": ["forwarding"],
                        "properties": {"forwarding": {"enum": ["accept"]}}},
        },
    }  # fmt: skip


SCHEMA = {
    "type": "object", "additionalProperties": False,
    "required": ["ietf-mud:mud", "ietf-access-control-list:acls"],
    "properties": {
        "ietf-mud:mud": {"type": "object", "additionalProperties": False,
            "required": ["mud-version", "mud-url", "last-update", "is-supported"],
            "properties": {
                "mud-version": {"const": 1}, "mud-url": {"type": "string", "pattern": "^https://"},
                "last-update": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"},
                "cache-validity": {"type": "integer", "minimum": 1, "maximum": 168},
                "is-supported": {"type": "boolean"},
                "systeminfo": {"type": "string", "maxLength": 60}, "model-name": {"type": "string"},
                "from-device-policy": LISTS, "to-device-policy": LISTS}},
        "ietf-access-control-list:acls": {"type": "object", "additionalProperties": False, "required": ["acl"],
            "properties": {"acl": {"type": "array", "minItems": 1, "items": {"oneOf": [{"type": "object",
                "additionalProperties": False,
                "required": ["name", "type", "aces"], "properties": {
                    "name": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
                    "type": {"const": f"ipv{version}-acl-type"},
                    "aces": {"type": "object", "additionalProperties": False, "required": ["ace"],
                             "properties": {"ace": {"type": "array", "items": ace(version)}}}}}
                for version in (4, 6)]}}}},
    },
}  # fmt: skip
"""Written after the YANG modules of RFC 8520 sections 3 and 7, RFC 8519 section 4.1 and RFC 6991 (inet:host)."""


ALL = [(name, variant, role.name) for name, pack in PACKS.items() for variant in pack.variants for role in pack.roles]


def described(pack, variant, role, site=SITE, **more):
    """The description of a role, and the notes on it."""
    made = export(PACKS[pack], variant, site, "mud", role=role, updated=NOW, **more)
    return json.loads(made.text), made.notes


def lists(made):
    """The entries of a description by the name of their list."""
    return {acl["name"]: acl["aces"]["ace"] for acl in made["ietf-access-control-list:acls"]["acl"]}


@pytest.mark.parametrize(("pack", "variant", "role"), [one for one in ALL if one[2] != "machine"])
@pytest.mark.parametrize("site", [None, SITE], ids=["no site", "site"])
def test_it_has_the_structure_of_the_standard(pack, variant, role, site):
    """Of every role of every pack and variant; entries have names of their own, lists are those of the policies."""
    made, _ = described(pack, variant, role, site)
    jsonschema.validate(made, SCHEMA)
    for held in lists(made).values():
        names = [ace["name"] for ace in held]
        assert len(names) == len(set(names))
    used = [
        one["name"]
        for way in ("from", "to")
        for one in made["ietf-mud:mud"][f"{way}-device-policy"]["access-lists"]["access-list"]
    ]
    assert sorted(used) == sorted(lists(made))


def test_every_name_and_address_is_there():
    """But wildcards, which it does not know: these are told, by rule."""
    rows, _ = entries(PACKS["machinemetrics"], "standard", SITE, within=True)
    rows = [entry for entry in rows if entry.who == "edge"]
    made, notes = described("machinemetrics", "standard", "edge")
    held = lists(made)
    for version in (4, 6):
        family = f"ipv{version}"
        out = [ace["matches"][family] for ace in held[f"edge-from-v{version}"]]
        names = {one["ietf-acldns:dst-dnsname"] for one in out if "ietf-acldns:dst-dnsname" in one}
        assert names == {name for entry in rows for name in entry.names if not name.startswith("*")}
        networks = {one[f"destination-{family}-network"] for one in out if f"destination-{family}-network" in one}
        wanted = {ip_network(one) for entry in rows for one in entry.addresses if not entry.names}
        assert networks == {str(net) for net in wanted if net.version == version}
        assert len(held[f"edge-to-v{version}"]) == len(out)
    assert (
        "MUD knows no wildcards: not held in full are mm-std-balena (*.balena-cloud.com), "
        "mm-ntp-pool (*.resinio.pool.ntp.org)"
    ) in notes


def test_what_stays_within_the_site_is_in_it():
    """A description holds for all that a device sends: machines are local networks, each way."""
    made, notes = described("machinemetrics", "standard", "edge", None)
    local = {"ietf-mud:mud": {"local-networks": [None]}, "ipv4": {"protocol": 6}}
    out = [ace["matches"] for ace in lists(made)["edge-from-v4"]]
    back = [ace["matches"] for ace in lists(made)["edge-to-v4"]]
    opened = {"ietf-mud:direction-initiated": "from-device"}
    assert {**local, "tcp": {**opened, "destination-port": {"operator": "eq", "port": 8193}}} in out
    assert {**local, "tcp": {**opened, "source-port": {"operator": "eq", "port": 8193}}} in back
    assert not any("within the site" in note for note in notes)
    assert any("within the site" in note for note in export(PACKS["machinemetrics"], "standard", None, "csv").notes)


def test_rules_with_long_ids_keep_entries_of_their_own():
    """Names are cut to the 64 characters of the standard, and do not become one."""
    row = entries(PACKS["machinemetrics"], "standard")[0][0]
    rows = tuple(row._replace(rule="r" * 70 + end) for end in "ab")
    made = json.loads(mud.write(AllowList("p", "T", rows, updated=NOW)).text)
    names = [ace["name"] for ace in lists(made)["edge-from-v4"]]
    assert len(names) == len(set(names)) == 2
    assert max(map(len, names)) <= 64


def test_a_row_without_ports_is_all_that_ip_carries():
    """No entry is lost for want of a port."""
    row = entries(PACKS["machinemetrics"], "standard")[0][0]._replace(ports=())
    made = json.loads(mud.write(AllowList("p", "T", (row,), updated=NOW)).text)
    assert lists(made)["edge-from-v4"][0]["matches"] == {"ipv4": {"ietf-acldns:dst-dnsname": "api.machinemetrics.com"}}


def test_a_description_is_of_one_role():
    """Where a pack has several and none is told, they are named."""
    with pytest.raises(AllowListError, match="--role with one of nexus, ipad, pc"):
        export(PACKS["skala"], "global", None, "mud")


def test_the_url_is_what_the_user_says_or_none_that_could_be_real():
    """Without one, the file names a host that cannot exist, and a note says so."""
    made, notes = described("skala", "eu", "nexus")
    assert made["ietf-mud:mud"]["systeminfo"] == "METER SKALA System Network Requirements (eu)"
    assert made["ietf-mud:mud"]["mud-url"] == "https://skala.invalid/nexus.json"
    assert any("--mud-url" in note for note in notes)
    made, notes = described("skala", "eu", "nexus", url="https://mud.acme.example/nexus.json")
    assert made["ietf-mud:mud"]["mud-url"] == "https://mud.acme.example/nexus.json"
    assert not any("--mud-url" in note for note in notes)


@pytest.mark.parametrize("url", ["http://a.example/x", "https://", "https://a.example/\n", 'https://a.example/"', "x"])
def test_a_url_that_is_none_is_told(url):
    """RFC 8520 wants https."""
    with pytest.raises(AllowListError, match="expected a URL"):
        described("skala", "eu", "nexus", url=url)
