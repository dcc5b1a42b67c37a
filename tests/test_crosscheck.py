"""Wireshark's reading of every sample capture and ours agree."""

from __future__ import annotations

import collections
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import analyzer
from analyzer import api
from analyzer.observations import Observations

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = sorted(path for path in (ROOT / "captures").iterdir() if ".pcap" in path.name)
TCP, UDP = 6, 17
DNS_PORT = 53
STREAM = ("udp.stream", "tcp.stream")


@pytest.fixture(params=CAPTURES, ids=lambda path: path.name.split(".")[0], scope="module")
def capture(request: pytest.FixtureRequest) -> Path:
    """Each sample capture in turn."""
    return request.param


@pytest.fixture(scope="module")
def facts(capture: Path) -> Observations:
    """Our facts of it."""
    return analyzer.observe([str(capture)])


@pytest.fixture
def tshark(capture: Path, needs_program: Callable[..., None]) -> Callable[..., Iterator[list[str]]]:
    """A function that gives fields of the frames that a display filter lets pass; first occurrences only."""
    needs_program("tshark")

    def fields(picked: str, *names: str) -> Iterator[list[str]]:
        wanted = [word for name in names for word in ("-e", name)]
        words = ["tshark", "-n", "-r", str(capture), "-Y", picked, "-T", "fields", "-E", "occurrence=f", *wanted]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        return (line.split("\t") for line in done.stdout.splitlines())

    return fields


def test_all_frames_are_counted(facts, tshark):
    """As many frames as Wireshark shows, with as many octets on the wire."""
    lengths = [int(length) for (length,) in tshark("frame", "frame.len")]
    assert facts.captures[0].packets == len(lengths)
    assert not facts.captures[0].cut


def test_nothing_is_read_differently(capture, needs_program):
    """Held against tshark as a user does it, no quantity of a sample capture differs."""
    needs_program("tshark")
    made = api.inspect(str(capture))
    assert [one for one in made.compared if not one.agree] == []


@pytest.mark.parametrize(("proto", "word"), [(TCP, "tcp"), (UDP, "udp")])
def test_flows_are_its_streams(facts, tshark, proto, word):
    """Each flow has the ends, the frames and the octets at IP length of one of Wireshark's streams."""
    streams: dict[str, list] = {}
    ends = ("ip.src", "ipv6.src", "ip.dst", "ipv6.dst", f"{word}.srcport", f"{word}.dstport")
    for stream, *addresses, source, target, ip_octets, ip6_octets in tshark(
        f"{word} && !icmp && !icmpv6", f"{word}.stream", *ends, "ip.len", "ipv6.plen"
    ):
        src, dst = (addresses[0] or addresses[1]), (addresses[2] or addresses[3])
        told = streams.setdefault(stream, [frozenset({(src, int(source)), (dst, int(target))}), 0, 0])
        told[1] += 1
        told[2] += int(ip_octets) if ip_octets else int(ip6_octets) + 40
    flows = facts.flows
    ours = collections.Counter(
        (
            frozenset({(flows.orig_h[row], int(flows.orig_p[row])), (flows.resp_h[row], int(flows.resp_p[row]))}),
            int(flows.orig_packets[row] + flows.resp_packets[row]),
            int(flows.orig_octets[row] + flows.resp_octets[row]),
        )
        for row in np.flatnonzero(flows.proto == proto).tolist()
    )
    assert ours == collections.Counter(tuple(told) for told in streams.values())


def test_server_names_are_its_server_names(facts, tshark):
    """The SNI of every ClientHello over TCP is the one that Wireshark reads."""
    hellos = tshark("tcp && tls.handshake.type == 1", "tls.handshake.extensions_server_name")
    theirs = collections.Counter(name for (name,) in hellos if name)
    told = zip(facts.tls.server_name.tolist(), facts.tls.hello_retry.tolist(), strict=True)
    # who is asked for another hello says the name twice
    assert collections.Counter(name for name, again in told for _ in range(1 + again) if name) == theirs


def test_questions_are_its_questions(facts, tshark):
    """The names that each flow to port 53 asks for are those that Wireshark reads, over UDP and over TCP."""
    asked = tshark("dns.flags.response == 0 && (udp.dstport == 53 || tcp.dstport == 53)", *STREAM, "dns.qry.name")
    theirs = {(udp, tcp, name.lower()) for udp, tcp, name in asked}
    ours = {
        (flow, name)
        for flow, name in zip(facts.dns.flow.tolist(), facts.dns.query.tolist(), strict=True)
        if facts.flows.resp_p[flow] == DNS_PORT
    }
    assert sorted(name for _, name in ours) == sorted(name for *_, name in theirs)
