"""What a live capture calls has been called before an interface is opened."""

from __future__ import annotations

from pathlib import Path

from analyzer.capturing.stream import frames
from analyzer.watching import warming

SAMPLE = Path(__file__).resolve().parents[2] / "captures" / "mm-clean.pcapng.gz"


def test_the_frames_are_those_of_a_sample():
    """A lookup and a session, nothing else."""
    whole = {frame.octets for frame in frames([str(SAMPLE)])}
    held = [frame.octets for frame in frames([str(warming.CAPTURE)])]
    assert len(held) > 10
    assert set(held) <= whole


def test_it_does_what_a_live_capture_does():
    """Nothing stays of it."""
    warming.warm()
