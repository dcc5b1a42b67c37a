"""A site that keeps its document is accused of nothing, however it was captured and whatever it was wrapped in."""

from __future__ import annotations

import ipaddress
import random
from pathlib import Path

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import analyzer
from analyzer import sitefile
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap
from tests.oracle import records

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
BLOCKED = {"mm-blocked": ".pcapng.gz", "mm-proxy-denied": ".pcapng", "skala-blocked": ".pcapng"}
CLEAN = {"mm-clean": ".pcapng.gz", "mm-govcloud-clean": ".pcap", "skala-clean": ".pcapng.zst"}
SNAPLENS = (60, 68, 80, 96, 100, 112, 128, 144, 160, 200, 256, 320, 512)


def cut(octets):
    """Each frame cut to at most so many octets."""
    return lambda frames: [(frame, min(octets, frame.caplen)) for frame in frames]


def begun_late(share):
    """The capture begins when this share of it has passed."""
    return lambda frames: [(frame, frame.caplen) for frame in frames[int(share * len(frames)) :]]


def ended_early(share):
    """The capture ends after this share."""
    return lambda frames: [(frame, frame.caplen) for frame in frames[: int(share * len(frames))]]


def lossy(nth):
    """Every nth frame is missing."""
    return lambda frames: [(frame, frame.caplen) for k, frame in enumerate(frames) if k % nth]


def without_answers(frames):
    """The frames from servers' well-known ports are missing: a mirror of one direction."""
    return [(frame, frame.caplen) for frame in frames if int.from_bytes(frame.octets[34:36], "big") > 1023]


MANGLED = {
    **{f"cut at {octets}": cut(octets) for octets in SNAPLENS},
    **{f"begun after {share}": begun_late(share) for share in (0.1, 0.3, 0.5, 0.7, 0.9)},
    **{f"ended after {share}": ended_early(share) for share in (0.05, 0.2, 0.5, 0.8)},
    **{f"without every {nth}th": lossy(nth) for nth in (2, 3, 5, 10, 50)},
    "without answers": without_answers,
}


def mirrored(octets):
    """A frame as a switch sends it in ERSPAN type II."""
    header = b"\x10\0\x88\xbe" + bytes(4) + b"\x10\0" + bytes(6)
    return fr.linked(fr.ipv4("203.0.113.1", "203.0.113.2", 47, header + octets))


def in_vxlan(octets):
    """A frame on its way through an overlay network."""
    return fr.linked(fr.ipv4("203.0.113.1", "203.0.113.2", fr.UDP, fr.udp(50000, 4789, b"\x08" + bytes(7) + octets)))


def tagged(octets):
    """A frame on a trunk, with two tags."""
    return octets[:12] + b"\x88\xa8\0\x07\x81\0\0\x08" + octets[12:]


def labelled(octets):
    """A frame on a provider's pseudowire."""
    return octets[:12] + b"\x88\x47\0\x01\x01\x40" + bytes(4) + octets


def in_fragments(octets):
    """An IPv4 packet of more than 128 octets in pieces of 64, the last one first."""
    if octets[12:14] != b"\x08\0" or octets[14] != 0x45 or len(octets) < 14 + 128 or octets[20] & 0x3F:
        return [octets]
    body = octets[34 : 14 + int.from_bytes(octets[16:18], "big")]
    parts = []
    for at in range(0, len(body), 64):
        piece = body[at : at + 64]
        where = at // 8 | (0x2000 if at + 64 < len(body) else 0)
        length, ident = (20 + len(piece)).to_bytes(2, "big"), octets[18:20]
        parts.append(octets[:16] + length + ident + where.to_bytes(2, "big") + octets[22:34] + piece)
    return parts[::-1]


WRAPPED = {
    "ERSPAN": lambda octets: [mirrored(octets)],
    "VXLAN": lambda octets: [in_vxlan(octets)],
    "two tags": lambda octets: [tagged(octets)],
    "MPLS": lambda octets: [labelled(octets)],
    "ERSPAN in VXLAN": lambda octets: [in_vxlan(mirrored(octets))],
    "fragments": in_fragments,
}


def hop(octets):
    """A frame as the next router sends it on: other MAC addresses, one hop less."""
    if octets[12:14] != b"\x08\0" or octets[14] != 0x45:
        return octets
    header = bytearray(octets[14:34])
    header[8] -= 1
    header[10:12] = bytes(2)
    header[10:12] = (0xFFFF - sum(int.from_bytes(header[k : k + 2], "big") for k in range(0, 20, 2)) % 0xFFFF).to_bytes(
        2, "big"
    )
    return b"\2\2\2\2\2\2" + b"\2\2\2\2\2\1" + octets[12:14] + bytes(header) + octets[34:]


def in_vlan(octets):
    """A frame as a trunk port carries it."""
    return octets[:12] + b"\x81\0\0\x08" + octets[12:]


DOUBLED = {"as it is": lambda octets: octets, "a hop on": hop, "on a trunk": in_vlan}


def doubled(frames, how, upto_ns):
    """Each frame twice: the second one so much later at most, in the order in which the switch took them."""
    chance = random.Random(4)
    shots = [Shot(frame.ts_ns, frame.octets, frame.origlen) for frame in frames]
    late = np.maximum.accumulate([shot.ts_ns + chance.randrange(2_000, upto_ns) for shot in shots]).tolist()
    more = [Shot(ts_ns, how(shot.octets)) for ts_ns, shot in zip(late, shots, strict=True)]
    return sorted([*shots, *more], key=lambda shot: shot.ts_ns)


def opened(name, suffix):
    """A site's frames, and what is known of it."""
    frames, *_ = records.walk(records.read_octets(CAPTURES / f"{name}{suffix}"))
    return frames, sitefile.load(CAPTURES / f"{name}.site.yaml"), str(CAPTURES / f"{name}.trust.pem")


@pytest.fixture(scope="module", params=CLEAN)
def clean(request):
    """A clean site's frames, and what is known of it."""
    return opened(request.param, CLEAN[request.param])


@pytest.fixture(scope="module", params=[*CLEAN, *BLOCKED])
def site(request):
    """Any site's frames, and what is known of it."""
    return opened(request.param, (CLEAN | BLOCKED)[request.param])


def checked(path, shots, known):
    """What is said of frames that are written to a file."""
    frames, site, trust = known
    path.write_bytes(pcap(shots, link=frames[0].link_type, magic=0xA1B23C4D))
    return analyzer.check([str(path)], site=site, trust=[trust])


def key(frame):
    """The ends of the flows of a result's table, without the zone of what cannot be told apart."""
    return [tuple(row) for row in frame[["proto", "orig_h", "orig_p", "resp_h", "resp_p"]].itertuples(index=False)]


@pytest.mark.parametrize("how", MANGLED)
def test_a_clean_site_stays_clean(clean, how, tmp_path):
    """What a snaplen, a late start, loss or a one-way mirror hides is not held against anybody."""
    frames, site, trust = clean
    shots = [Shot(frame.ts_ns, frame.octets[:size], frame.origlen) for frame, size in MANGLED[how](frames)]
    path = tmp_path / "mangled.pcap"
    path.write_bytes(pcap(shots, link=frames[0].link_type))
    found = analyzer.check([str(path)], site=site, trust=[trust])
    assert [(finding.code, finding.title) for finding in found.conclusions.findings] == []


@pytest.mark.parametrize("how", WRAPPED)
def test_what_frames_are_wrapped_in_changes_no_verdict(clean, how, tmp_path):
    """Mirrored, tagged, labelled, tunnelled or in fragments: every rule ends as it does without."""
    frames, site, trust = clean
    outcomes = []
    for name, wrap in (("plain", lambda octets: [octets]), ("wrapped", WRAPPED[how])):
        shots = [Shot(frame.ts_ns, octets) for frame in frames for octets in wrap(frame.octets)]
        path = tmp_path / f"{name}.pcap"
        path.write_bytes(pcap(shots, link=frames[0].link_type))
        found = analyzer.check([str(path)], site=site, trust=[trust])
        outcomes.append({rule.rule: rule.outcome for rule in found.conclusions.rules})
        assert [(finding.code, finding.title) for finding in found.conclusions.findings] == []
    assert outcomes[1] == outcomes[0]


@pytest.mark.parametrize("how", DOUBLED)
def test_a_mirror_that_sends_each_frame_twice_changes_nothing(site, how, tmp_path):
    """As a span port of two ports does, on one switch or a router further: verdicts, codes and rates stay."""
    frames = site[0]
    plain = [Shot(frame.ts_ns, frame.octets, frame.origlen) for frame in frames]
    once = checked(tmp_path / "once.pcap", plain, site)
    twice = checked(tmp_path / "twice.pcap", doubled(frames, DOUBLED[how], 900_000), site)
    assert twice.observations.quality.duplicates > len(frames) * 0.9
    assert key(twice.flows) == key(once.flows)
    for column in (
        "verdict",
        "codes",
        "rule",
        "strength",
        "orig_octets",
        "resp_octets",
        "orig_packets",
        "resp_packets",
    ):
        assert twice.flows[column].tolist() == once.flows[column].tolist(), column
    for one, two in zip(once.observations.rates, twice.observations.rates, strict=True):
        assert two.tolist() == one.tolist()
    assert_frame_equal(twice.bandwidth, once.bandwidth, rtol=1e-4)  # the last copy ends the capture a moment later
    assert [(rule.rule, rule.outcome) for rule in twice.conclusions.rules] == [
        (rule.rule, rule.outcome) for rule in once.conclusions.rules
    ]


def one_way(frames, address, at):
    """The IPv4 frames in which a host's address stands there (26 source, 30 destination), and what is not IPv4."""
    return [f for f in frames if f.octets[12:14] != b"\x08\0" or f.octets[at : at + 4] == address]


LESS = {
    **{f"ended after {share}": ended_early(share) for share in (0.3, 0.6, 0.9)},
    **{f"without every {nth}th": lossy(nth) for nth in (3, 10)},
    "cut at 96": cut(96),
}


@pytest.mark.parametrize("how", [*LESS, "forth", "back"])
@pytest.mark.parametrize("name", BLOCKED)
def test_no_healthy_flow_becomes_a_blocked_one(name, how, tmp_path):
    """What a capture lacks turns no flow that worked into one that was stopped, beside others that were."""
    known = opened(name, BLOCKED[name])
    frames, site, _ = known
    if how in LESS:
        kept = [Shot(frame.ts_ns, frame.octets[:size], frame.origlen) for frame, size in LESS[how](frames)]
    else:
        address = ipaddress.IPv4Address(site.hosts[0].addresses[0]).packed
        kept = [Shot(f.ts_ns, f.octets, f.origlen) for f in one_way(frames, address, {"forth": 26, "back": 30}[how])]
    whole = checked(tmp_path / "whole.pcap", [Shot(f.ts_ns, f.octets, f.origlen) for f in frames], known)
    less = checked(tmp_path / "less.pcap", kept, known)
    stopped, found = (
        {ends for ends, verdict in zip(key(result.flows), result.flows.verdict, strict=True) if verdict == "blocked"}
        for result in (whole, less)
    )
    assert stopped
    assert found <= stopped
