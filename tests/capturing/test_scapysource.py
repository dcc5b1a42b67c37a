"""What scapy hears is a capture, to its end, and what it cannot do is one line."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from analyzer.capturing import scapysource
from analyzer.capturing.buffers import Buffers
from analyzer.capturing.scapysource import ScapySource
from analyzer.errors import SourceError
from tests.builders.wires import TAP, ethernet, run, send, wired
from tests.oracle import records as oracle

SENT = [ethernet(bytes([k]) * (46 + 9 * k)) for k in range(40)] + [ethernet(b"tagged" * 8, (0x8100, 7))]


@pytest.fixture
def wire(needs_namespaces):
    """A wire in a namespace of this test's own."""
    with wired():
        yield


def read(source, octets_wanted=None):
    """The stream, which is told to end when it has so many octets."""
    octets = bytearray()
    with Buffers(source) as buffers:
        ended = False
        until = time.monotonic() + 10
        while not ended:
            part, length, ended = buffers.next(0)
            octets += part[:length].tobytes()
            if octets_wanted is None or len(octets) >= octets_wanted or time.monotonic() > until:
                source.stop()
    return bytes(octets)


def test_every_frame_of_a_slow_wire_comes(wire):
    """Octets with the tag in place, and times; that drops are not known is told."""
    source = ScapySource(TAP)
    before = time.time_ns()
    send(SENT)
    found, _, cut = oracle.walk_pcap(read(source, 24 + sum(map(len, SENT)) + 16 * len(SENT)))
    source.close()
    source.close()
    assert not cut
    assert [one.octets for one in found] == SENT
    assert all(abs(one.ts_ns - before) < 5_000_000_000 for one in found)
    assert source.counts() is None


def test_what_passed_before_the_end_comes(wire):
    """Also what the socket still holds."""
    source = ScapySource(TAP)
    send(SENT * 3)
    source.stop()
    found, _, _ = oracle.walk_pcap(read(source))
    source.close()
    assert [one.octets for one in found] == SENT * 3


def test_a_filter_is_handed_on(wire):
    """Scapy has libpcap compile it."""
    source = ScapySource(TAP, filter="greater 300")
    send(SENT)
    wanted = [frame for frame in SENT if len(frame) >= 300]
    found, _, _ = oracle.walk_pcap(read(source, 24 + sum(map(len, wanted)) + 16 * len(wanted)))
    source.close()
    assert [one.octets for one in found] == wanted


@pytest.mark.parametrize(("name", "expression"), [("eth77", ""), ("lo", "tcp prt"), ("", "")])
def test_what_scapy_cannot_is_one_line(wire, name, expression):
    """With what it says."""
    with pytest.raises(SourceError, match=f"{name}: scapy cannot listen ") as raised:
        ScapySource(name, filter=expression)
    assert str(raised.value).isprintable()


def test_a_missing_right_is_told_with_its_remedy(monkeypatch):
    """As of a ring."""

    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(scapysource, "_opened", refuse)
    monkeypatch.setattr(scapysource, "rights", lambda: "run it with `sudo`")
    with pytest.raises(SourceError, match=r"^lo: run it with `sudo`$"):
        ScapySource("lo")


def test_an_interface_that_leaves_is_told(wire):
    """After what came before."""
    source = ScapySource(TAP)
    run("ip", "link", "del", TAP)
    with pytest.raises(SourceError, match=f"{TAP}: scapy: .*"):
        read(source, 1 << 20)
    source.close()


def test_it_can_be_closed_while_nobody_reads(wire):
    """Its thread waits for room in the pipe, and ends all the same."""
    source = ScapySource(TAP)
    for _ in range(3):
        send([ethernet(b"x" * 1400)] * 700)
        time.sleep(0.1)
    begun = time.monotonic()
    source.close()
    assert time.monotonic() - begun < 5
    assert "capture-scapy" not in {thread.name for thread in threading.enumerate()}


def test_scapy_is_imported_only_for_whom_it_serves(root):
    """It takes half a second."""
    code = "import sys, analyzer.capturing.scapysource; print(any(name.startswith('scapy') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
