"""A ring gives frame for frame what tcpdump writes of the same traffic."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import numpy as np
import pytest

from analyzer.capturing import ring as ringing
from analyzer.capturing.bpf import compile_filter
from analyzer.capturing.ring import Chunk, Ring
from analyzer.errors import SourceError
from analyzer.kernels import records as rc
from tests.builders.wires import FAR, TAP, ethernet, run, send, wired
from tests.oracle import records as oracle

Q, S = 0x8100, 0x88A8


@pytest.fixture
def wire(needs_namespaces):
    """A wire in a namespace of this test's own."""
    with wired():
        yield


def frames_of(chunk):
    """(ns, octets, origlen) of the frames of a chunk."""
    octets, at, end, form, interfaces = chunk
    found = []
    while True:
        why, at, start, caplen, origlen, ns, _ = rc.next_frame(octets, at, end, form, interfaces)
        if why != rc.FRAME:
            assert (why, at) == (rc.MORE, end)
            return found
        found.append((ns, octets[start : start + caplen].tobytes(), origlen))


def heard(ring, frames, wait_s=3.0):
    """The frames of a ring until so many have come, and a little longer."""
    found = []
    until = time.monotonic() + wait_s
    while time.monotonic() < until and len(found) < frames:
        chunk = ring.next(0.2)
        found += frames_of(chunk) if chunk else []
    chunk = ring.next(0.5)
    return found + (frames_of(chunk) if chunk else [])


def written_by_tcpdump(path, *words):
    """Tcpdump, which listens by the time this returns, and writes to `path`."""
    words = ["tcpdump", "-i", TAP, "-n", "-U", "-w", path, "-Z", "root", *words]
    child = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert any("listening" in line for line in child.stderr)  # the lines up to that one
    return child


def read_back(child, path):
    """What it wrote, when it has ended."""
    time.sleep(1.3)  # its ring hands over what there is each second
    child.terminate()
    child.communicate(timeout=10)
    shots, _, _ = oracle.walk_pcap(path.read_bytes())
    return shots


def traffic():
    """Frames of all lengths, with no tag, one and two."""
    plain = [ethernet(bytes([k % 256]) * (46 + k * 7 % 1400)) for k in range(120)]
    tagged = [ethernet(b"tagged" * (8 + k), (Q, 0x2000 | k + 1)) for k in range(40)]
    double = [ethernet(b"double" * (8 + k), (S, 7), (Q, k + 1)) for k in range(40)]
    return [frame for three in zip(plain[:40], tagged, double, strict=True) for frame in three] + plain[40:]


def test_every_frame_is_what_tcpdump_has(wire, needs_program, tmp_path):
    """Octets with the tags in place, lengths, and times within a ms; a second walk of a chunk finds the same."""
    needs_program("tcpdump")
    path = tmp_path / "by-tcpdump.pcap"
    child = written_by_tcpdump(path)
    sent = traffic()
    with Ring.open(TAP) as ring:
        send(sent)
        chunk = ring.next(2)
        found = frames_of(chunk)
        assert frames_of(chunk) == found
        found += heard(ring, len(sent) - len(found))
        assert ring.counts() == (len(sent), 0)
        assert ring.link_type == 1
    shots = read_back(child, path)
    assert [octets for _, octets, _ in found] == sent
    assert [(octets, origlen) for _, octets, origlen in found] == [(one.octets, one.origlen) for one in shots]
    assert max(abs(ns - one.ts_ns) for (ns, *_), one in zip(found, shots, strict=True)) < 1_000_000


def test_a_filter_lets_through_what_it_names(wire, needs_program):
    """Tagged frames, cut to the snaplen; the tag, which the kernel has beside the frame, is no part of its `len`."""
    needs_program("tcpdump")
    sent = traffic()
    with Ring.open(TAP, filter=compile_filter("vlan and len < 200", TAP), snaplen=50) as ring:
        send(sent)
        found = heard(ring, len(sent), wait_s=1)
        assert ring.counts().received == len(found)
    named = [frame for frame in sent if frame[12:14] in (b"\x81\x00", b"\x88\xa8") and len(frame) < 204]
    assert 10 < len(named) < len(sent)
    assert [(octets, origlen) for _, octets, origlen in found] == [(frame[:54], len(frame)) for frame in named]


def test_frames_that_find_no_room_are_counted(wire):
    """Received and dropped are what was sent, whatever comes first; the rest goes on when there is room."""
    sent = [ethernet(b"x" * 1000)] * 500
    with Ring.open(TAP, sizes=((8 * 4096 * 4, 4096 * 4),)) as ring:
        send(sent)
        time.sleep(0.2)
        found = []
        while chunk := ring.next(0.6):
            found += frames_of(chunk)
        counts = ring.counts()
        assert counts.received == len(found) < len(sent)
        assert counts.received + counts.dropped == len(sent)
        send(sent[:10])
        assert len(heard(ring, 10)) == 10
        assert ring.counts() == (counts.received + 10, counts.dropped)


def test_nothing_in_time_is_none(wire):
    """A silent wire."""
    with Ring.open(TAP) as ring:
        begun = time.monotonic()
        assert ring.next(0.2) is None
        assert 0.15 < time.monotonic() - begun < 2
        assert ring.next(0) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ip", "link", "del", TAP], f"{TAP}: the interface is gone"),
        (["ip", "link", "set", TAP, "down"], f"{TAP}: went down"),
    ],
)
def test_an_interface_that_leaves_is_told(wire, words, said):
    """What came before it left is handed out first."""
    sent = traffic()
    with Ring.open(TAP) as ring:
        send(sent)
        run(*words)
        found = []
        with pytest.raises(SourceError, match=f"^{re.escape(said)}$"):  # noqa: PT012 - what it raises after
            while True:
                chunk = ring.next(1)
                found += frames_of(chunk) if chunk else []
        assert len(found) == len(sent)


def test_an_interface_that_is_renamed_is_followed(wire):
    """Frames go on, and the new name is told with the old one."""
    with Ring.open(TAP) as ring:
        if run("ip", "link", "set", TAP, "name", "tap9", check=False).returncode:
            pytest.skip("this kernel does not rename an interface that is up")
        send([ethernet(b"after")])
        assert len(heard(ring, 1)) == 1
        ring.counts()
        assert (ring.path, ring.renamed) == ("tap9", TAP)


def test_what_is_sent_to_oneself_is_heard_once(wire):
    """On the loopback interface each frame passes twice."""
    with Ring.open("lo") as ring:
        send([ethernet(b"to myself")] * 3, "lo")
        assert len(heard(ring, 3)) == 3
        assert ring.counts() == (3, 0)


def test_a_tunnel_without_link_header_is_raw_ip(wire):
    """A tun interface hands over packets as they are."""
    if run("ip", "tuntap", "add", "tun0", "mode", "tun", check=False).returncode:
        pytest.skip("no tun interfaces here")
    run("ip", "link", "set", "tun0", "up")
    with Ring.open("tun0") as ring:
        assert ring.link_type == 101


@pytest.mark.parametrize(
    ("interface", "said"),
    [
        ("eth77", "no such interface"),
        ("a name that no interface has", "no such interface"),
        ("", "no such interface"),
        (FAR, "is down; `ip link set dev far0 up` brings it up"),
    ],
)
def test_an_interface_that_cannot_be_listened_to(wire, interface, said):
    """One line, with its name."""
    run("ip", "link", "set", FAR, "down")
    with pytest.raises(SourceError) as raised:
        Ring.open(interface)
    assert str(raised.value).startswith(f"{interface}: {said}")
    assert "\n" not in str(raised.value)


def test_links_of_an_unknown_kind_are_told(wire, monkeypatch):
    """The kind is named."""
    monkeypatch.setattr("analyzer.capturing.links.LINK_TYPES", {})
    with pytest.raises(SourceError, match=r"lo: links of kind 772 \(linux/if_arp.h\) are not read here"):
        Ring.open("lo")


def test_closing_stops_the_kernel(wire):
    """Though somebody holds a chunk: it stays readable, nothing is written to it, and promiscuous mode ends."""
    ring = Ring.open(TAP)
    assert "promiscuity 1" in run("ip", "-d", "link", "show", TAP).stdout
    send([ethernet(b"first")])
    chunk = ring.next(1)
    assert isinstance(chunk, Chunk)
    ring.close()
    ring.close()
    assert "promiscuity 0" in run("ip", "-d", "link", "show", TAP).stdout
    before = chunk.octets.copy()
    send([ethernet(b"second")] * 10)
    time.sleep(0.2)
    assert np.array_equal(chunk.octets, before)


def test_without_a_filter_the_snaplen_holds(wire):
    """Frames are cut, and their length on the wire is kept."""
    with Ring.open(TAP, snaplen=20) as ring:
        send([ethernet(b"y" * 500)])
        ((_, octets, origlen),) = heard(ring, 1)
    assert (octets, origlen) == (ethernet(b"y" * 500)[:20], 514)


@pytest.mark.parametrize(
    ("code", "said"),
    [(12, "there is no memory for the ring"), (1, "may not be listened to"), (22, "cannot be listened to (no such")],
)
def test_errors_of_the_system_become_one_line(code, said, monkeypatch):
    """Whatever it is."""

    def refuse(*_):
        raise OSError(code, "no such thing")

    monkeypatch.setattr(ringing, "rights", lambda: "")
    monkeypatch.setattr(ringing.socket, "socket", refuse)
    with pytest.raises(SourceError, match=re.escape(f"eth0: {said}")):
        Ring.open("eth0")


def test_where_memory_is_short_a_small_ring_does(wire, monkeypatch):
    """The next size is tried, and frames come all the same."""
    whole, asked = ringing.__dict__["_prepare"], []

    def prepare(opened, interface, program, octets, block_octets):
        asked.append(octets)
        if octets > ringing.SIZES[-1][0]:
            raise OSError(12, "no memory")
        whole(opened, interface, program, octets, block_octets)

    monkeypatch.setattr(ringing, "_prepare", prepare)
    with Ring.open(TAP) as ring:
        send([ethernet(b"y")])
        assert len(heard(ring, 1)) == 1
    assert asked == [octets for octets, _ in ringing.SIZES]


def test_a_missing_right_is_told_with_its_remedy(needs_namespaces, needs_program, root):
    """Of a process that has every other right."""
    needs_program("setpriv")
    code = "from analyzer.capturing.ring import Ring; Ring.open('lo')"
    words = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", sys.executable, "-c", code]
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, text=True)
    assert "lo: the right to listen (CAP_NET_RAW) is missing: run it with `sudo`" in done.stderr
