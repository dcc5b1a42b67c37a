"""Frames of captures in disguise."""

from __future__ import annotations

import ipaddress
import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from analyzer import api
from analyzer.capturing.stream import frames
from analyzer.extracting.disguise import Disguise
from analyzer.extracting.handing import TOLD
from analyzer.extracting.sanitizing import copies
from analyzer.rulepack import shipped
from tests.builders import quicsealing, secrets
from tests.builders.captures import Shot, enhanced, interface, pcap, pcapng, section, statistics
from tests.builders.hellos import client_hello_message

DISGUISE = Disguise(b"key", shipped())
LINK_TYPES = (0, 1, 9, 12, 101, 105, 108, 113, 127, 147, 228, 229, 276)


def sanitized(tmp_path, octets):
    """The octets of a capture in disguise, and the paths of both."""
    path = tmp_path / "zwieback.pcapng"
    path.write_bytes(octets)
    (made,) = copies([str(path)], api.check([str(path)]), DISGUISE, tmp_path)
    return pathlib.Path(made).read_bytes(), str(path), made


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """What says all that is secret, as it was and in disguise."""
    return sanitized(tmp_path_factory.mktemp("secrets"), secrets.capture())


def test_secrets_are_there_before():
    """Else it would be easy."""
    octets = secrets.capture().lower()
    assert [word for word in secrets.WORDS if word.lower().encode() not in octets] == []
    assert secrets.BASIC.lower() in octets
    assert secrets.PLAIN.lower() in octets
    assert secrets.NETBIOS.lower() in octets


def test_nothing_secret_is_in_the_file(site):
    """Names, users, passwords and tokens of any protocol, addresses and MACs, as text and as octets."""
    made = site[0].lower()
    assert [secret for secret in secrets.SECRETS if secret in made] == []
    for address in secrets.ADDRESSES:
        assert (address, address.encode() in made) == (address, False)
        assert (address, ipaddress.ip_address(address).packed in site[0]) == (address, False)
    for mac in secrets.MACS:
        assert (mac, mac.encode() in made) == (mac, False)
        assert (mac, bytes.fromhex(mac.replace(":", "")) in site[0]) == (mac, False)


def test_frames_have_their_times_and_lengths(site):
    """As many as before, in the same order."""
    before, after = ([(frame.ts_ns, len(frame.octets), frame.length) for frame in frames([path])] for path in site[1:])
    assert before == after


def test_flows_are_known_as_what_they_are(site):
    """By the services that they speak, as certain as before, and between so many hosts."""
    before, after = (api.observe([path]).flows for path in site[1:])
    for column in ("service", "certainty", "orig_p", "resp_p", "proto", "orig_octets", "resp_octets", "conn_state"):
        assert (column, getattr(after, column).tolist()) == (column, getattr(before, column).tolist())
    hosts = [{*flows.orig_h.tolist(), *flows.resp_h.tolist()} for flows in (before, after)]
    assert len(hosts[0]) == len(hosts[1])


def test_checksums_are_as_right_as_before(site):
    """And segments, losses and copies are as many."""
    before, after = (api.observe([path]).quality for path in site[1:])
    assert after == before


def test_interfaces_have_no_names_and_drops_are_told(tmp_path):
    """That there was a filter is told, not which."""
    about = interface(options=[(2, b"zwieback0"), (11, b"\0host 10.83.117.42"), (9, b"\6")])
    shot = enhanced(Shot(1_700_000_000_000_000_000, bytes(next(secrets.packets()))))
    octets, before, after = sanitized(tmp_path, section() + about + shot + statistics(options=[(5, 7)]))
    assert b"zwieback0" not in octets
    assert b"10.83.117.42" not in octets
    assert [api.observe([path]).quality.kernel_drops for path in (before, after)] == [7, 7]
    assert api.observe([after]).quality.filters == ("not told",)


def test_several_captures_are_as_many(tmp_path):
    """Each by itself, with flows that go on from one to the next."""
    shots = [Shot(1_700_000_000_000_000_000 + at, bytes(packet)) for at, packet in enumerate(secrets.packets())]
    paths = [str(tmp_path / name) for name in ("one.pcapng", "two.pcapng")]
    for path, part in zip(paths, (shots[:40], shots[40:]), strict=True):
        pathlib.Path(path).write_bytes(pcapng(part))
    made = copies(paths, api.check(paths), DISGUISE, tmp_path)
    assert [sum(1 for _ in frames([path])) for path in made] == [40, len(shots) - 40]
    before, after = (api.observe(captures).flows.service.tolist() for captures in (paths, made))
    assert after == before


def datagrams(port, said):
    """A flow that says so."""
    head = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.5", dst="10.0.0.9")
    packets = [bytes(head / UDP(sport=5000, dport=port) / Raw(octets)) for octets in said]
    return pcapng([Shot(1_700_000_000_000_000_000 + at, packet) for at, packet in enumerate(packets)])


@pytest.mark.parametrize("name", ["api.machinemetrics.com", "erp.zwieback.example"])
def test_of_quic_to_a_documented_name_opening_packets_stay(tmp_path, name):
    """Whole, with their tokens, as is told; else nothing does, nor what is no packet of QUIC."""
    opening = quicsealing.initial(quicsealing.crypto(0, client_hello_message(name)), token=b"a token", least=1200)
    said = [opening, b"\xc3hemligt, ty ingenting av QUIC"]
    _, _, after = sanitized(tmp_path, datagrams(443, said))
    first, other = (frame.octets[42:] for frame in frames([after]))
    assert (first == opening) == (name == "api.machinemetrics.com")
    assert (b"a token" in first) == (first == opening)
    assert "with tokens and tickets" in TOLD
    assert other[:-4] == bytes(len(said[1]) - 4)


def test_of_what_another_datagram_of_a_flow_says_nothing_is_kept(tmp_path):
    """In a flow that is NTP's, of what is none; such datagrams are still told apart."""
    said = [b"\x23" + bytes(47), b"cred=admin:hunter2;" * 3, b"cred=admin:hunter3;" * 3]
    _, before, after = sanitized(tmp_path, datagrams(123, said))
    assert [api.observe([path]).flows.service.tolist() for path in (before, after)] == [["ntp"], ["ntp"]]
    clock, one, other = (frame.octets[42:] for frame in frames([after]))
    assert clock == said[0]
    assert one[:-4] == other[:-4] == bytes(len(said[1]) - 4)
    assert one != other


def test_segments_that_come_twice_are_the_same(tmp_path):
    """In any order, and where they overlap."""
    packets = list(secrets.packets())[:6]
    turned = [*packets[:3], *packets[4:2:-1], packets[3], packets[4], packets[5]]
    shots = [Shot(1_700_000_000_000_000_000 + at * 1_000_000_000, bytes(packet)) for at, packet in enumerate(turned)]
    _, before, after = sanitized(tmp_path, pcapng(shots))
    seen = [frame.octets for frame in frames([after])]
    assert seen[3][54:] == seen[6][54:]
    assert [api.observe([path]).flows.service.tolist() for path in (before, after)] == [["http"], ["http"]]


@settings(max_examples=60)
@given(st.sampled_from(LINK_TYPES), st.lists(st.binary(max_size=90), max_size=6), st.booleans())
def test_any_frames_are_sanitized(tmp_path_factory, link_type, told, cut):
    """Whatever their link type and octets, nothing is raised; what is not known of a frame is not kept."""
    head = bytes.fromhex("0200000000010200000000020800450000") if link_type == 1 else b"E\0\0"
    shots = [Shot(at * 1_000_000_000, (head + octets)[: 40 if cut else None]) for at, octets in enumerate(told)]
    _, before, after = sanitized(tmp_path_factory.mktemp("any"), pcap(shots, link=link_type))
    lengths = [(len(frame.octets), frame.length) for frame in frames([after])]
    wanted = [(len(frame.octets), frame.length) for frame in frames([before])]
    assert [length for _, length in lengths] == [length for _, length in wanted]
    assert all(kept in (0, whole) for (kept, _), (whole, _) in zip(lengths, wanted, strict=True))


@settings(max_examples=15)
@given(st.integers(0, 200), st.integers(0, 2**32), st.binary(min_size=1, max_size=8))
def test_mangled_frames_are_sanitized(tmp_path_factory, number, place, octets):
    """A packet that says something else somewhere gives no secret away."""
    packets = [bytes(packet) for packet in secrets.packets()]
    at = number % len(packets)
    packet = packets[at]
    here = 14 + place % max(len(packet) - 14, 1)
    packets[at] = packet[:here] + octets + packet[here + len(octets) :]
    made, _, _ = sanitized(
        tmp_path_factory.mktemp("mangled"),
        pcapng([Shot(at * 1_000_000, packet) for at, packet in enumerate(packets)]),
    )
    assert [secret for secret in secrets.SECRETS if secret in made.lower()] == []
