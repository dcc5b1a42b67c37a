"""What the kernels observe is what the oracle observes, on the captures beside this project and in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.api import observe as observe_fast
from tests.builders.agreement import differences
from tests.oracle.observe import observe

CAPTURES = sorted(path for path in (Path(__file__).resolve().parents[2] / "captures").iterdir() if ".pcap" in path.name)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_sample_captures_are_seen_alike(path):
    """Every table of a sample capture is the oracle's."""
    assert differences(observe_fast([str(path)]), observe([path])) == []


def test_captures_of_the_lab_are_seen_alike(shared):
    """Every table of each capture of the lab is the oracle's."""
    paths = sorted(path for path in (shared / "corpus" / "lab" / "captures").rglob("*.pcap*") if path.is_file())
    if not paths:
        pytest.skip("no captures of the lab beside the project")
    found = {path.name: differences(observe_fast([str(path)]), observe([path])) for path in paths}
    assert {name: lines for name, lines in found.items() if lines} == {}
