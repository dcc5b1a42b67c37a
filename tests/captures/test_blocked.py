"""The samples of blocked flows show on the wire, as scapy reads it, what their truth says of each flow."""

from __future__ import annotations

import collections
import json
import pathlib

import pytest
from scapy.layers.dns import DNS
from scapy.layers.inet import ICMP, IP, TCP, UDP, TCPerror
from scapy.packet import Raw
from scapy.utils import rdpcap

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / "captures"
NAMES = ("mm-blocked", "mm-proxy-denied", "skala-blocked")
QUIET_S = 8  # seconds that a capture goes on after the last attempt
NXDOMAIN, REFUSED = 3, 5
HELLO = b"\x16\x03"
HTTP = {
    "http-block-page": {b"302", b"403"},
    "http-captive-portal": {b"302", b"511"},
    "proxy-denied": {b"403"},
    "proxy-auth-required": {b"407"},
}
DNS_CODES = {"dns-nxdomain": {NXDOMAIN}, "dns-refused": {REFUSED}, "dns-sinkholed": {0}}


class Shown:
    """A capture's frames, each flow's in order, and its truth."""

    def __init__(self, name):
        self.truth = json.loads((CAPTURES / f"{name}.truth.json").read_text("utf-8"))
        self.frames = rdpcap(str(CAPTURES / self.truth["capture"]))
        self.end = float(self.frames[-1].time)
        self.of = collections.defaultdict(list)
        for frame in self.frames:
            for layer in (TCP, UDP):
                if IP in frame and layer in frame[IP] and ICMP not in frame:
                    packet = frame[IP]
                    ends = frozenset({(packet.src, packet.sport), (packet.dst, packet.dport)})
                    self.of[layer, ends].append(frame)

    def flows(self, code):
        """The frames from the originator and those from the responder, for each flow with a code."""
        for row in self.truth["flows"]:
            if code in (*row.get("codes", ()), *row.get("evidence", ())):
                yield self.both(row)

    def both(self, row):
        """The frames of a flow, from each side."""
        layer = TCP if row["proto"] == "tcp" else UDP
        ends = frozenset({(row["orig_h"], row["orig_p"]), (row["resp_h"], row["resp_p"])})
        sides = [], []
        for frame in self.of[layer, ends]:
            sides[frame[IP].src != row["orig_h"]].append(frame)
        return sides

    def has(self, code):
        """Whether any flow shows a code."""
        return any(True for _ in self.flows(code))


@pytest.fixture(scope="module", params=NAMES)
def shown(request):
    return Shown(request.param)


def resets(frames):
    return [frame for frame in frames if frame[TCP].flags.R]


def payloads(frames):
    return [bytes(frame[TCP].payload) for frame in frames if Raw in frame]


def test_each_code_is_shown_at_least_twice(shown):
    """One failure is nothing: what is stopped is tried again."""
    attempts = collections.Counter(code for row in shown.truth["flows"] for code in row.get("codes", ()))
    assert [code for code, number in attempts.items() if number < 2] == []


def test_captures_go_on_after_the_last_attempt(shown):
    """A flow that nobody answers has seconds to be answered in."""
    for row in shown.truth["flows"]:
        if row["verdict"] == "blocked":
            sent, _ = shown.both(row)
            assert shown.end - float(sent[0].time) > QUIET_S


def test_unanswered_flows_are_unanswered(shown):
    """Nothing comes back where SYNs, questions or NTP requests are dropped."""
    for code in ("syn-unanswered", "udp-unanswered", "dns-no-answer"):
        assert [len(back) for _, back in shown.flows(code) if back] == []


def test_refusals_by_the_firewall_are_not_the_servers(shown):
    """A reset that answers a SYN, or a hello, comes at once and with the firewall's TTL."""
    for code in ("syn-refused", "reset-foreign"):
        for sent, back in shown.flows(code):
            (reset,) = resets(back)
            before = [frame for frame in sent if frame.time <= reset.time][-1]
            assert float(reset.time - before.time) < 0.005
            assert reset[IP].ttl == 64
            assert all(frame[IP].ttl < 55 for frame in back if frame is not reset)


def test_prohibitions_come_from_whom_the_truth_names(shown):
    """An ICMP message of the actor quotes each flow that it prohibits."""
    actors = {row["actor"] for row in shown.truth["findings"] if row["code"] == "icmp-prohibited"}
    said = [frame for frame in shown.frames if ICMP in frame]
    assert {frame[IP].src for frame in said} == actors
    assert {(frame[ICMP].type, frame[ICMP].code) for frame in said} <= {(3, 13)}
    quoted = {(frame[TCPerror].sport, frame[TCPerror].dport) for frame in said}
    assert quoted == {(sent[0][TCP].sport, sent[0][TCP].dport) for sent, _ in shown.flows("icmp-prohibited")}


def test_hellos_are_dropped_or_reset(shown):
    """The handshake of TCP is complete, the hello is sent, again where nothing comes, and no TLS comes back."""
    for code in ("silent-after-hello", "reset-after-hello"):
        for sent, back in shown.flows(code):
            hellos = [octets for octets in payloads(sent) if octets.startswith(HELLO)]
            assert len(hellos) == 1 if code == "reset-after-hello" else len(hellos) > 4
            assert payloads(back) == []
            assert back[0][TCP].flags == "SA"
            assert bool(resets(back)) == (code == "reset-after-hello")


def test_stalled_flows_worked_before(shown):
    """Data was exchanged both ways; then the originator sends the same octets again and hears nothing."""
    for sent, back in shown.flows("stalled"):
        assert len(payloads(sent)) > 4
        assert len(payloads(back)) > 1
        silent = [frame[TCP].seq for frame in sent if frame.time > back[-1].time and Raw in frame]
        assert max(collections.Counter(silent).values()) > 4


def test_answers_of_the_resolver_are_what_the_truth_says(shown):
    """Names do not exist, are refused, or are given an address that is no server's."""
    for code, rcodes in DNS_CODES.items():
        for _, back in shown.flows(code):
            assert {frame[DNS].rcode for frame in back} == rcodes
            given = [answer.rdata for frame in back for answer in frame[DNS].an]
            assert bool(given) == (code == "dns-sinkholed")
            assert [address for address in given if not address.startswith(("0.", "10."))] == []


def test_pages_are_what_the_truth_says(shown):
    """A block page, a login page or the proxy's refusal is all that a flow brings."""
    for code, statuses in HTTP.items():
        got = {payloads(back)[0].split()[1] for _, back in shown.flows(code)}
        assert got == (statuses if shown.has(code) else set())


def test_a_server_that_refuses_does_so_itself():
    """The reset takes the whole way, there and back, and has come as many hops as the server's neighbours."""
    shown = Shown("mm-blocked")
    own = [shown.both(row) for row in shown.truth["flows"] if row["verdict"] == "undetermined"]
    assert len(own) == 2
    for sent, back in own:
        assert (len(sent), len(resets(back))) == (1, 1)
        assert float(back[0].time - sent[0].time) > 0.05
        assert back[0][IP].ttl < 55
