"""What tshark made of a thousand captures that nobody here recorded, and what is made of them here, agree."""

from __future__ import annotations

import pytest

import analyzer
from analyzer.inspecting import ours
from analyzer.inspecting.reading import QUANTITIES, compare
from tests.agreement.known import known, unexplained
from tests.agreement.truth import readings
from tests.builders.agreement import AS_MIRRORED
from tests.conftest import ROOT

CORPUS = ROOT.parent / "shared" / "corpus"
SHARE = 0.99


@pytest.fixture(scope="module")
def told():
    """Tshark's reading by path of a capture."""
    if not (CORPUS / "truth.jsonl").is_file():
        pytest.skip("no ../shared/corpus/truth.jsonl beside the project")
    return readings(CORPUS)


def folders():
    """The corpus's folders, or one that stands for them where it is missing, so that the tests say why they skip."""
    return sorted(path.name for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else ["-"]


@pytest.mark.parametrize("folder", folders())
def test_captures_are_read_as_tshark_reads_them(told, folder):
    """Every quantity of every capture of a folder is tshark's, but for what the table of known differences has."""
    paths = {path for path in told if path.startswith(f"{folder}/")}
    found = {
        (one.quantity, path): one.only if any(one.only) else (one.ours, one.theirs)
        for path in sorted(paths)
        for one in compare(ours.read(analyzer.observe([str(CORPUS / path)], settings=AS_MIRRORED)), told[path])
        if not one.agree
    }
    lines = unexplained("tshark", found, paths)
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize("quantity", [one.name for one in QUANTITIES])
def test_the_share_that_agrees(told, quantity):
    """Of the captures that tshark reads at least 99 in 100 agree in each quantity: the table is that short."""
    differ = {path for name, path in known("tshark") if name == quantity}
    assert 1 - len(differ) / len(told) >= SHARE
