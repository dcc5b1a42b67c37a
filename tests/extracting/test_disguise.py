"""What stands for what."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import addresses
from analyzer.extracting.disguise import Disguise, is_fixed
from analyzer.rulepack import shipped

DISGUISE = Disguise(b"key", shipped())
FOUR, SIXTEEN = st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)


def other(text, disguise=DISGUISE):
    """The address that stands for one."""
    return str(ip_address(disguise.address(ip_address(text).packed)))


@given(FOUR, FOUR)
def test_addresses_stay_apart_and_of_their_kind(one, two):
    """Two are two; local stays local, public public, a group a group."""
    assert (DISGUISE.address(one) == DISGUISE.address(two)) == (one == two)
    kind = addresses.reach(str(ip_address(one)))
    assert addresses.reach(str(ip_address(DISGUISE.address(one)))) == kind


@given(FOUR, st.integers(0, 255))
def test_neighbours_stay_neighbours(one, last):
    """Addresses of one /24 are of one /24, and only they."""
    two = one[:3] + bytes([last])
    assert DISGUISE.address(one)[:3] == DISGUISE.address(two)[:3]


@given(st.integers(0, 255), st.integers(0, 255))
def test_prefixes_are_as_long(one, two):
    """In 10.0.0.0/8, two networks share as many bits as before."""
    made = [int.from_bytes(DISGUISE.address(bytes([10, 7, net, 9]))[:3], "big") for net in (one, two)]
    assert (made[0] ^ made[1]).bit_length() == (one ^ two).bit_length()


@given(SIXTEEN)
def test_addresses_of_ipv6_stay_of_their_kind(one):
    """Link-local, unique local and public ones, and groups."""
    kind = addresses.reach(str(ip_address(one)))
    if not is_fixed(one):
        assert addresses.reach(str(ip_address(DISGUISE.address(one)))) == kind


@pytest.mark.parametrize("text", ["8.8.8.8", "0.0.0.0", "255.255.255.255", "224.0.0.251", "127.0.0.1", "ff02::1", "::"])
def test_what_means_the_same_everywhere_stays(text):
    """Public resolvers, groups, nobody and everybody."""
    assert other(text) == text


def test_documented_addresses_stay():
    """Those of the rule packs, and none becomes one of them."""
    documented = {text for pack in shipped() for rule in pack.rules for text in (*rule.to.addresses, *rule.to.at)}
    single = [text for text in documented if addresses.parse(text)]
    assert single
    assert [other(text) for text in single] == single


def test_last_octets_of_networks_stay():
    """x.x.x.0 and x.x.x.255 are nobody's and everybody's."""
    assert [other(f"192.168.7.{last}").rpartition(".")[2] for last in (0, 255)] == ["0", "255"]


def test_solicited_node_groups_follow_their_addresses():
    """RFC 4291 section 2.7.1."""
    assert other("2001:db8::1:2:3")[-7:] == other("ff02::1:ff02:3")[-7:]


def test_another_key_gives_other_addresses():
    """And the same key the same ones."""
    assert other("10.7.0.10", Disguise(b"other", ())) != other("10.7.0.10", Disguise(b"key", ()))
    assert other("10.7.0.10", Disguise(b"key", ())) == other("10.7.0.10", Disguise(b"key", ()))


@pytest.mark.parametrize(
    ("group", "site", "bits"),
    [
        ("ff3e:40:2001:db8:77:88:4012:3456", "2001:db8:77:88::5", 64),
        ("ff35:30:2001:db8:77::4012:3456", "2001:db8:77:88::5", 48),
        ("ff7e:540:2001:db8:77:88:4012:3456", "2001:db8:77:88::5", 64),
        ("ff3e:40:fd77:1:2:3:8012:3456", "fd77:1:2:3::5", 64),
    ],
)
def test_a_group_has_the_prefix_of_the_site_in_disguise(group, site, bits):
    """As far as it is significant; the group's number is another one."""
    made = int(ip_address(other(group)))
    wanted = int(ip_address(other(site)))
    assert (made >> (96 - bits)) & ((1 << bits) - 1) == wanted >> 128 - bits
    assert made >> 96 == int(ip_address(group)) >> 96
    assert made & 0xFFFFFFFF != int(ip_address(group)) & 0xFFFFFFFF


def test_groups_that_mean_the_same_everywhere_stay():
    """Registered ones (RFC 4291 section 2.7.1, RFC 6762); of a group with more in it nothing does but its scope."""
    for group in ("ff02::1", "ff02::fb", "ff02::1:2", "ff05::1:3", "ff3e::101"):
        assert other(group) == group
    made = other("ff15:2001:db8:77:88:1:2:3")
    assert made.startswith("ff15:")
    assert "db8" not in made


def test_macs_keep_their_bits():
    """For groups and for local use; groups and nobody stay."""
    made = DISGUISE.mac(bytes.fromhex("02163e000010"))
    assert made[0] & 3 == 2
    assert made != bytes.fromhex("02163e000010")
    groups = ["ffffffffffff", "01005e0000fb", "3333000000fb"]
    assert [DISGUISE.mac(bytes.fromhex(mac)).hex() for mac in groups] == groups


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"api.machinemetrics.com", b"api.machinemetrics.com"),
        (b"_http._tcp.local", b"_http._tcp.local"),
        (b"_Printer._sub._IPP._tcp.local", b"_Printer._sub._IPP._tcp.local"),
        (b"_acme-lathe._tcp.local", b"_"),
        (b"_tcp._acme77.local", b"_tcp._"),
        (b"blocked.acme.example", b"blocked."),
        (b"acme.zscaler.net", b"____.zscaler.net"),
        (b"", b""),
    ],
)
def test_names_that_stay(name, kept):
    """Documented ones, service labels, and words by which a filter says that it blocks."""
    made = DISGUISE.name(name)
    assert made.startswith(kept.replace(b"____", made[:4]))
    assert b"acme" not in made


@given(st.from_regex(rb"[A-Za-z0-9-]{1,20}(\.[A-Za-z0-9-]{1,20}){0,3}\.com", fullmatch=True))
def test_names_are_as_long_as_before(name):
    """With dots at the same places, and small letters for small ones."""
    made = DISGUISE.name(name)
    assert [len(label) for label in made.split(b".")] == [len(label) for label in name.split(b".")]
    assert DISGUISE.name(name.lower()).lower() == made.lower()
