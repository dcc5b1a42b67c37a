"""The allow-list as a Manufacturer Usage Description."""

from __future__ import annotations

import json

import jsonschema
import pytest

from analyzer.exporting.allowlist import entries, export, mud
from analyzer.rulepack import shipped

PACKS = {pack.name: pack for pack in shipped()}
NOW = "2026-01-02T03:04:05+00:00"

PORT = {
    "type": "object", "additionalProperties": False, "required": ["operator", "port"],
    "properties": {"operator": {"enum": ["eq"]}, "port": {"type": "integer", "minimum": 0, "maximum": 65535}},
}  # fmt: skip
HOST = {"type": "string", "pattern": r"^(?=.{1,253}$)([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9-]+$"}
NETWORK = {"type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"}
LISTS = {
    "type": "object", "additionalProperties": False, "required": ["access-lists"],
    "properties": {"access-lists": {"type": "object", "additionalProperties": False, "required": ["access-list"],
        "properties": {"access-list": {"type": "array", "minItems": 1, "items": {"type": "object",
            "additionalProperties": False, "required": ["name"], "properties": {"name": {"type": "string"}}}}}}},
}  # fmt: skip
ACE = {
    "type": "object", "additionalProperties": False, "required": ["name", "matches", "actions"],
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "matches": {"type": "object", "additionalProperties": False, "required": ["ipv4"], "properties": {
            "ipv4": {"type": "object", "additionalProperties": False, "required": ["protocol"], "properties": {
                "protocol": {"enum": [6, 17]}, "ietf-acldns:dst-dnsname": HOST, "ietf-acldns:src-dnsname": HOST,
                "destination-ipv4-network": NETWORK, "source-ipv4-network": NETWORK}},
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
                "systeminfo": {"type": "string", "maxLength": 60},
                "from-device-policy": LISTS, "to-device-policy": LISTS}},
        "ietf-access-control-list:acls": {"type": "object", "additionalProperties": False, "required": ["acl"],
            "properties": {"acl": {"type": "array", "items": {"type": "object", "additionalProperties": False,
                "required": ["name", "type", "aces"], "properties": {
                    "name": {"type": "string"}, "type": {"const": "ipv4-acl-type"},
                    "aces": {"type": "object", "additionalProperties": False, "required": ["ace"],
                             "properties": {"ace": {"type": "array", "items": ACE}}}}}}}},
    },
}  # fmt: skip
"""Written after the YANG modules of RFC 8520 sections 3 and 7, RFC 8519 section 4.1 and RFC 6991 (inet:host)."""


@pytest.mark.parametrize(("pack", "variant"), [(name, one) for name, pack in PACKS.items() for one in pack.variants])
def test_it_has_the_structure_of_the_standard(pack, variant):
    """Of every pack and variant; entries have names of their own."""
    made = json.loads(export(PACKS[pack], variant, None, "mud", NOW).text)
    jsonschema.validate(made, SCHEMA)
    for acl in made["ietf-access-control-list:acls"]["acl"]:
        names = [ace["name"] for ace in acl["aces"]["ace"]]
        assert len(names) == len(set(names))


def test_every_name_and_address_is_there():
    """But wildcards, which it does not know: these are told by rule."""
    rows = entries(PACKS["machinemetrics"], "standard")
    text, left = mud.text(rows, "T", NOW)
    out, back = json.loads(text)["ietf-access-control-list:acls"]["acl"]
    held = {ace["matches"]["ipv4"].get("ietf-acldns:dst-dnsname") for ace in out["aces"]["ace"]}
    assert held - {None} == {name for entry in rows for name in entry.names if not name.startswith("*")}
    assert left == ["mm-std-balena", "mm-ntp-pool"]
    assert len(back["aces"]["ace"]) == len(out["aces"]["ace"])
