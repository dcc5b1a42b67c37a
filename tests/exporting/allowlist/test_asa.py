"""The allow-list as a Cisco ASA takes it."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from ciscoconfparse import CiscoConfParse
from loguru import logger
from netutils.config.parser import ASAConfigParser

from analyzer.exporting.allowlist import asa
from analyzer.exporting.allowlist.entries import AllowList
from tests.builders.allowlists import VARIANTS, hostile, listed, long_names

logger.disable("ciscoconfparse")  # it logs what it raises


def read(text):
    """Objects and groups by name, with their lines; and each permit as a foreign parser takes it apart.

    It raises ValueError for a line of an access list that it does not know.
    """
    lines = [line for line in text.splitlines() if not line.startswith("!")]
    parsed = CiscoConfParse(lines, syntax="asa", factory=True)
    kinds = ("object network ", "object-group network ")
    held = {kind: {} for kind in kinds}
    for kind in kinds:
        for one in parsed.find_objects(f"^{kind}"):
            held[kind][one.text.removeprefix(kind)] = [child.text.strip() for child in one.children]
    permits = [one._mm_results for one in parsed.find_objects("^access-list .* extended ")]  # noqa: SLF001 - its only door
    return held[kinds[0]], held[kinds[1]], permits


@pytest.mark.parametrize(("pack", "variant"), VARIANTS)
def test_the_list_names_only_what_is_there(pack, variant):
    """Every object and group of a permit stands before it, and every object says what it is."""
    text = asa.write(listed(pack, variant)).text
    objects, groups, permits = read(text)
    assert permits
    for permit in permits:
        assert permit["action2"] == "permit"
        assert permit["src_networkobject2"] in groups
        assert permit["dst_object2"] in objects or permit["dst_network2a"] == "any"
    assert all(len(lines) == 1 for lines in objects.values())
    assert text.index("access-list") > max(text.index(f"network {name}\n") for name in (*objects, *groups))
    netted = ASAConfigParser(text).build_config_relationship()
    assert {line.config_line.split()[0] for line in netted if not line.parents} <= {
        "object", "object-group", "access-list",
    }  # fmt: skip


@pytest.mark.parametrize(("pack", "variant"), VARIANTS)
def test_every_row_is_held(pack, variant):
    """Its ports, its addresses, its exact names in each family that its hosts have; wildcards are told."""
    made = asa.write(listed(pack, variant))
    objects, _, permits = read(made.text)
    held = {
        (
            permit["src_networkobject2"], permit["protocol2"], permit["dst_port"] or "",
            objects.get(permit["dst_object2"], ["any"])[0],
        )
        for permit in permits
    }  # fmt: skip
    wanted = set()
    for entry in listed(pack, variant).rows:
        ends = [f"host {one}" for one in entry.addresses if "/" not in one] or ["any"] * entry.open
        families = sorted({ip_network(one).version for one in entry.sources})
        if not entry.addresses:
            ends += [f"fqdn v{family} {name}" for family in families for name in entry.exact]
        wanted |= {
            (f"{pack}-{entry.who}", transport, str(port), end) for port, transport in entry.ports for end in ends
        }
        for name in entry.wildcards:
            assert any(name in note for note in made.notes)
    assert held == wanted


def test_networks_have_masks_or_prefixes():
    """As the family has it; hosts of a group too."""
    row = listed("machinemetrics", "standard").rows[0]
    row = row._replace(names=(), addresses=("203.0.113.0/25", "2001:db8::/32", "2001:db8::1"), ports=())
    text = asa.write(AllowList("p", "T", (row,))).text
    objects, groups, permits = read(text)
    assert [*objects.values()] == [
        ["subnet 203.0.113.0 255.255.255.128"],
        ["subnet 2001:db8::/32"],
        ["host 2001:db8::1"],
    ]
    assert [*groups.values()] == [["network-object host 10.7.0.10", "network-object fd00::10/128"]]
    assert [line.split()[3:5] for line in text.splitlines() if " extended " in line] == [["permit", "ip"]] * len(
        permits
    )
    assert len(permits) == 3


def test_what_nobody_may_decrypt_is_told():
    """In remarks, since the ASA itself decrypts nothing."""
    text = asa.write(listed("machinemetrics", "standard")).text
    assert "! Not to be decrypted. The ASA opens no TLS" in text
    assert {"!   *.balena-cloud.com", "!   54.218.103.126"} <= set(text.splitlines())
    assert "decrypted" not in asa.write(listed("skala", "eu")).text


def test_names_with_underscores_are_told():
    """The command does not take them."""
    row = listed("machinemetrics", "standard").rows[0]._replace(names=("a_b.example",))
    made = asa.write(AllowList("p", "T", (row,)))
    assert "fqdn" not in made.text
    assert any("a_b.example" in note for note in made.notes)


def test_names_fit_and_stay_apart():
    """64 letters for an object, 100 for a remark."""
    text = asa.write(long_names()).text
    objects, groups, _ = read(text)
    assert max(map(len, (*objects, *groups))) <= 64
    assert len(objects) == 3 * 2
    assert all(len(line.split(" remark ")[1]) <= 100 for line in text.splitlines() if " remark " in line)


def test_nothing_of_a_pack_is_a_command():
    """Each line is one of ours, and holds no letter that means more than itself."""
    text = asa.write(hostile()).text
    read(text)
    for line in text.splitlines():
        assert re.match(
            r"(! |object network |object-group network | host | subnet | fqdn | network-object |access-list )", line
        )
        assert re.fullmatch(r"!?[A-Za-z0-9 .,:;()/_+=*@-]*", line)
