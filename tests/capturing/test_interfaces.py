"""Interfaces are listed with what each may be used for, and why not."""

from __future__ import annotations

import subprocess

import pytest

from analyzer.capturing import interfaces as listing
from analyzer.capturing.interfaces import interfaces
from analyzer.capturing.ring import Ring
from analyzer.errors import SourceError
from tests.builders.wires import FAR, TAP, run, wired


@pytest.fixture
def wire(needs_namespaces):
    """A wire in a namespace of this test's own."""
    with wired():
        yield


def named():
    """Interfaces by name."""
    return {one.name: one for one in interfaces()}


def test_each_interface_is_told(wire):
    """Kind, state, addresses, link type, mtu; other namespaces' are not."""
    run("ip", "address", "add", "192.0.2.7/24", "dev", TAP)
    run("ip", "link", "set", TAP, "mtu", "1400", "promisc", "on")
    run("ip", "link", "add", "br0", "type", "bridge")
    found = named()
    assert {"lo", FAR, TAP, "br0"} <= set(found)
    with_the_first_use = {"tunl0", "sit0", "gre0", "gretap0", "erspan0", "ip6tnl0", "ip6gre0", "ip_vti0", "ip6_vti0"}
    assert set(found) <= {"lo", FAR, TAP, "br0", *with_the_first_use}
    tap, lo = found[TAP], found["lo"]
    assert (tap.kind, tap.up, tap.carrier, tap.mtu, tap.link_type) == ("ethernet", True, True, 1400, 1)
    assert (tap.addresses, tap.promiscuous, tap.ring, tap.why) == (("192.0.2.7",), True, True, "")
    assert (lo.kind, lo.addresses, lo.link_type) == ("loopback", ("127.0.0.1", "::1"), 1)
    assert "itself" in lo.note
    assert (found["br0"].up, found["br0"].ring) == (False, False)
    assert found["br0"].why == "is down; `ip link set dev br0 up` brings it up"
    assert not found[FAR].promiscuous


def test_what_is_said_of_the_ring_is_true(wire):
    """An interface that may be listened to can be, and one that may not cannot."""
    run("ip", "link", "add", "br0", "type", "bridge")
    for one in interfaces():
        if one.ring:
            Ring.open(one.name).close()
        else:
            with pytest.raises(SourceError):
                Ring.open(one.name)


def test_joined_segments_are_noted(wire, monkeypatch):
    """GRO, and LRO, by what the driver tells."""
    monkeypatch.setattr(listing, "_ethtool", lambda _, name, what: name == TAP and what == listing.GET_GRO)
    assert named()[TAP].note.startswith("segments are joined before they are seen (GRO);")
    assert named()[FAR].note == ""
    monkeypatch.setattr(listing, "_ethtool", lambda *_: 1 | listing.LARGE_RECEIVE)
    assert named()[TAP].note.startswith("segments are joined before they are seen (GRO and LRO)")


def test_the_driver_is_asked_for_what_it_joins(wire, needs_program):
    """What ethtool switches is what is read."""
    needs_program("ethtool")
    for state, noted in (("on", True), ("off", False)):
        run("ethtool", "-K", TAP, "gro", state)
        assert named()[TAP].note.startswith("segments are joined") == noted


def test_a_missing_right_is_told_of_each(wire, monkeypatch):
    """With the remedy."""
    monkeypatch.setattr(listing, "rights", lambda: "the right to listen is missing")
    assert {(one.ring, one.why) for one in interfaces()} == {(False, "the right to listen is missing")}


def elsewhere(monkeypatch, out=b"", said=b"", program="/bin/dumpcap"):
    """A system that is not Linux."""
    monkeypatch.delattr(listing.socket, "AF_PACKET", raising=False)
    monkeypatch.setattr(listing, "which", lambda _: program)
    done = subprocess.CompletedProcess([], 0, out, said)
    monkeypatch.setattr(listing.subprocess, "run", lambda *_, **__: done)


def test_elsewhere_dumpcap_lists_them(monkeypatch):
    """Names, and what they are called."""
    elsewhere(monkeypatch, b"1. en0 (Wi-Fi)\n2. lo0\n")
    assert [(one.name, one.kind, one.ring, one.why) for one in interfaces()] == [
        ("en0", "Wi-Fi", False, "Linux only"),
        ("lo0", "interface", False, "Linux only"),
    ]


@pytest.mark.parametrize(
    ("out", "said", "program", "told"),
    [
        (b"", b"dumpcap: no\x1b rights\n", "/bin/dumpcap", r"no\\x1b rights"),
        (b"", b"", "/bin/dumpcap", "lists none"),
        (b"", b"", None, "dumpcap is not installed"),
    ],
)
def test_elsewhere_without_a_list(monkeypatch, out, said, program, told):
    """One line."""
    elsewhere(monkeypatch, out, said, program)
    with pytest.raises(SourceError, match=f"interfaces: .*{told}"):
        interfaces()
