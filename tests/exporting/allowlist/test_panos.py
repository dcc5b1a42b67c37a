"""The allow-list as PAN-OS takes it."""

from __future__ import annotations

import re
import shlex
from ipaddress import ip_network

import pytest
from netutils.config.parser import PaloAltoNetworksConfigParser

from analyzer.exporting.allowlist import panos
from tests.builders.allowlists import VARIANTS, hostile, listed, long_names

KINDS = ("address", "address-group", "service")


def read(text):
    """Objects by kind, custom URL categories, security and decryption rules by name: what the commands set."""
    assert len(PaloAltoNetworksConfigParser(text).build_config_relationship()) == len(text.splitlines())
    found = {kind: {} for kind in (*KINDS, "category", "security", "decryption")}
    for line in text.splitlines():
        words = shlex.split(line)
        if words[1] in KINDS:
            found[words[1]].setdefault(words[2], []).extend(listed_words(words[4:]))
        elif words[1:3] == ["profiles", "custom-url-category"]:
            found["category"].setdefault(words[3], {})[words[4]] = listed_words(words[5:])
        elif words[0] == "set":
            assert words[1] == "rulebase"
            assert words[3] == "rules"
            found[words[2]][words[4]] = pairs(words[5:])
        else:
            assert words[0] == "move"
            assert words[-1] == "top"
    return found


def listed_words(words):
    """The members of a list, which has brackets where it has several."""
    return words[1:-1] if words[0] == "[" else words


def pairs(words):
    """Keys with their values."""
    held, at = {}, 0
    while at < len(words):
        end = words.index("]", at) + 1 if words[at + 1] == "[" else at + 2
        held[words[at]] = listed_words(words[at + 1 : end])
        at = end
    return held


@pytest.mark.parametrize(("pack", "variant"), VARIANTS)
def test_rules_name_only_what_is_there(pack, variant):
    """Every object, service and category of a rule is set; every rule allows, from the hosts of the site file."""
    found = read(panos.write(listed(pack, variant)).text)
    groups = found["address-group"]
    assert all(member in found["address"] for members in groups.values() for member in members)
    for rule in found["security"].values():
        assert rule["action"] == ["allow"]
        assert set(rule["source"]) <= set(groups)
        assert set(rule["destination"]) <= {*found["address"], "any"}
        assert set(rule["service"]) <= {*found["service"], "any"}
        assert set(rule["category"]) <= {*found["category"], "any"}
    assert all(held["type"] == ["URL List"] for held in found["category"].values())


@pytest.mark.parametrize(("pack", "variant"), VARIANTS)
def test_every_destination_is_held(pack, variant):
    """Addresses as objects, names of TLS and HTTP as URLs, exact names of what else as FQDNs; the rest is told."""
    rows = listed(pack, variant).rows
    made = panos.write(listed(pack, variant))
    found = read(made.text)
    for entry in rows:
        rules = [
            rule
            for name, rule in found["security"].items()
            if rule["source"] == [f"{pack}-{entry.who}"] and rule["description"][0].startswith(f"{entry.rule}: ")
        ]
        urls = {
            url
            for rule in rules
            for held in rule["category"]
            for url in found["category"].get(held, {}).get("list", ())
        }
        ends = {end for rule in rules for one in rule["destination"] for end in found["address"].get(one, ())}
        if entry.addresses:
            assert ends == {str(ip_network(one)) for one in entry.addresses}
        elif entry.open:
            assert [(rule["destination"], rule["category"]) for rule in rules] == [(["any"], ["any"])]
        else:
            for name in entry.names:
                told = any(f"{entry.rule} (" in note and name in note for note in made.notes)
                assert f"{name}/" in urls or name in ends or told
            if not set(entry.payload) <= {"tls", "http"}:
                assert ends == set(entry.exact)
        for rule in rules:
            ports = {f"{pack}-{transport}-{port}" for port, transport in entry.ports}
            assert set(rule["service"]) == (ports or {"any"})


def test_what_nobody_may_decrypt_is_never_decrypted():
    """By name and by address, of the Edge alone, above other rules; where nothing is exempt, there is no such rule."""
    text = panos.write(listed("machinemetrics", "standard")).text
    found = read(text)
    by_name, by_address = found["decryption"].values()
    assert by_name["action"] == by_address["action"] == ["no-decrypt"]
    assert by_name["source"] == by_address["source"] == ["machinemetrics-edge"]
    urls = found["category"][by_name["category"][0]]["list"]
    assert {"api.machinemetrics.com/", "*.balena-cloud.com/"} <= set(urls)
    assert "machinemetrics-54.218.103.126" in by_address["destination"]
    assert text.count("\nmove rulebase decryption rules ") == 2
    assert read(panos.write(listed("skala", "eu")).text)["decryption"] == {}


def test_names_fit_and_stay_apart():
    """Of objects and rules 63 letters, of categories 31, however long ids and host names are."""
    found = read(panos.write(long_names()).text)
    assert max(map(len, found["security"])) <= 63
    assert max(map(len, found["category"])) <= 31
    assert (len(found["security"]), len(found["category"])) == (3, 3 + 1)  # and one of what is exempt


def test_nothing_of_a_pack_is_a_command():
    """Each line is one of ours, and holds no letter that ends a word or a line."""
    text = panos.write(hostile()).text
    read(text)
    for line in text.splitlines():
        assert re.match(
            r"(set (address|address-group|service|profiles|rulebase) |move rulebase decryption rules )", line
        )
        assert re.fullmatch(r'[A-Za-z0-9 .,:()/_+=*@\[\]"-]+', line)
        assert line.count('"') in (0, 2)
