"""A site that keeps its document is accused of nothing, however badly it was captured."""

from __future__ import annotations

from pathlib import Path

import pytest

import analyzer
from analyzer import sitefile
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
