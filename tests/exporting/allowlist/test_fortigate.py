"""The allow-list as FortiOS takes it."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict

import pytest
from netutils.config.parser import FortinetConfigParser

from analyzer.exporting.allowlist import fortigate
from tests.builders.allowlists import VARIANTS, hostile, listed, long_names

SHIPPED = [fortigate.write(listed(pack, variant)).text for pack, variant in VARIANTS]


def read(text):
    """What is set, by block and by what is edited; policies, which have no names there, by their own."""
    found = defaultdict(dict)
    for line in FortinetConfigParser(text).build_config_relationship():
        words = shlex.split(line.config_line)
        if words[0] == "set" and not line.config_line.startswith("            "):
            block, name = line.parents[0].removeprefix("config "), line.parents[1]
            found[block].setdefault(name, {})[words[1]] = words[2:]
    return found


def policies(text):
    """Each policy as what it sets: `edit 0` gives every one a number of its own."""
    block = text.split("config firewall policy\n")[1].split("\nend\n")[0]
    parts = block.split("    edit 0\n")[1:]
    return [
        {words[1]: words[2:] for line in part.splitlines() if (words := shlex.split(line))[0] == "set"}
        for part in parts
    ]


def exempt(text):
    """Kind and object of each exemption."""
    tail = text.split("config ssl-exempt\n")[1]
    return [(kind, name) for kind, name in re.findall(r'set (wildcard-fqdn|address6?) "([^"]+)"', tail)]


def objects(text, block):
    """The names of what a block of the configuration edits."""
    return {name.strip().removeprefix("edit ").strip('"') for name in read(text)[block]}


@pytest.mark.parametrize("text", SHIPPED)
def test_blocks_are_closed(text):
    """As many ends as configs, as many nexts as edits, in order."""
    open_blocks = []
    for line in text.splitlines():
        word = line.split()[0]
        if word in ("config", "edit"):
            open_blocks.append(word)
        elif word in ("end", "next"):
            assert open_blocks.pop() == {"end": "config", "next": "edit"}[word]
        else:
            assert word in ("set", "#")
    assert open_blocks == []


@pytest.mark.parametrize("text", SHIPPED)
def test_policies_name_only_what_is_there(text):
    """In either family; every policy only allows."""
    known = {"": objects(text, "firewall address") | {"all"}, "6": objects(text, "firewall address6") | {"all"}}
    services = objects(text, "firewall service custom") | {"ALL"}
    made = policies(text)
    assert made
    for policy in made:
        assert policy["action"] == ["accept"]
        assert set(policy["service"]) <= services
        for suffix, here in known.items():
            assert (f"srcaddr{suffix}" in policy) == (f"dstaddr{suffix}" in policy)
            assert {*policy.get(f"srcaddr{suffix}", ()), *policy.get(f"dstaddr{suffix}", ())} <= here
        assert policy["srcaddr6" if "srcaddr" not in policy else "srcaddr"] != ["all"]


@pytest.mark.parametrize(("pack", "variant"), VARIANTS)
def test_every_row_is_held(pack, variant):
    """By a policy in each family that its hosts have, with the row's names or addresses."""
    rows = listed(pack, variant).rows
    text = fortigate.write(listed(pack, variant)).text
    told = {(policy["comments"][0].split(":")[0], *policy.get("srcaddr", ()), *policy.get("srcaddr6", ())): policy
            for policy in policies(text)}  # fmt: skip
    names = {words["fqdn"][0] for words in read(text)["firewall address"].values() if "fqdn" in words}
    names |= {words["fqdn"][0] for words in read(text)["firewall address6"].values() if "fqdn" in words}
    assert {key[0] for key in told} == {entry.rule for entry in rows if reachable(entry)}
    assert names == {name for entry in rows if not entry.addresses for name in entry.names}
    for policy in told.values():
        assert [] not in (policy.get("dstaddr"), policy.get("dstaddr6"))


def reachable(entry):
    """Whether host and destination have a family in common."""
    mine = {":" in one for one in entry.sources}
    return not entry.addresses or bool(mine & {":" in one for one in entry.addresses})


@pytest.mark.parametrize("text", SHIPPED)
def test_every_object_is_used(text):
    """No object is made that no policy or exemption names."""
    for block, suffix in (("firewall address", ""), ("firewall address6", "6")):
        used = {
            one for policy in policies(text) for end in ("src", "dst") for one in policy.get(f"{end}addr{suffix}", ())
        }
        if "ssl-exempt" in text:
            used |= {name for kind, name in exempt(text) if kind == f"address{suffix}"}
        assert objects(text, block) <= used


def test_what_nobody_may_decrypt_is_exempt():
    """Names as wildcard FQDNs, exact ones too, and addresses; where nothing is exempt, there is no profile."""
    text = fortigate.write(listed("machinemetrics", "standard")).text
    custom = {words["wildcard-fqdn"][0] for words in read(text)["firewall wildcard-fqdn custom"].values()}
    assert {"*.balena-cloud.com", "api.machinemetrics.com"} <= custom
    held = exempt(text)
    assert {name for kind, name in held if kind == "wildcard-fqdn"} == objects(text, "firewall wildcard-fqdn custom")
    assert ("address", "machinemetrics-54.218.103.126") in held
    assert {name for kind, name in held if kind == "address"} <= objects(text, "firewall address")
    assert "ssl-ssh-profile" not in fortigate.write(listed("skala", "eu")).text


def test_names_fit_and_stay_apart():
    """Of objects 79 letters, of policies and profiles 35."""
    text = fortigate.write(long_names()).text
    names = [policy["name"][0] for policy in policies(text)]
    assert max(map(len, names)) <= 35
    assert len(set(names)) == 3
    held = objects(text, "firewall address") | objects(text, "firewall wildcard-fqdn custom")
    assert max(map(len, held)) <= 79
    assert len({name for name in held if "10-7" not in name}) >= 3


def test_nothing_of_a_pack_is_a_command():
    """Each line is one of ours, with quotes that close, and no letter that means more than itself."""
    for line in fortigate.write(hostile()).text.splitlines():
        assert re.fullmatch(r"(# |config firewall |\s+config ssl-exempt|\s+(edit|set) |\s+(next|end)$|end$).*", line)
        assert re.fullmatch(r'#?[A-Za-z0-9 .,:()/_+=*@"-]*', line)
        assert line.count('"') % 2 == 0
