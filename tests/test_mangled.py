"""A site that keeps its document is accused of nothing, however it was captured and whatever it was wrapped in."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzer
from analyzer import sitefile
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap
from tests.oracle import records

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
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


@pytest.fixture(scope="module", params=CLEAN)
def clean(request):
    """A clean site's frames, and what is known of it."""
    name = request.param
    frames, *_ = records.walk(records.read_octets(CAPTURES / f"{name}{CLEAN[name]}"))
    return frames, sitefile.load(CAPTURES / f"{name}.site.yaml"), str(CAPTURES / f"{name}.trust.pem")


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
