"""Two taps on the screen and in pairs.parquet."""

from __future__ import annotations

import io

import pyarrow.parquet as pq
import pytest

from analyzer import judging
from analyzer.comparing import lay
from analyzer.exporting import pairs
from analyzer.exporting.page import Page
from analyzer.result import Result
from analyzer.rulepack import shipped
from analyzer.sitefile import Site as Place
from analyzer.taps import PAIR_COLUMNS, Clock
from tests.builders.taps import Site


@pytest.fixture
def result():
    site = Site(offset_s=7)
    site.passed("a.example.com", hello=1)
    site.opened("b.example.com", hello=2)
    taps = lay(*site.seen())
    found = judging.judge(taps.inside, shipped(), Place())
    return Result(taps.inside, found, taps)


def test_the_file_has_every_pair(result, tmp_path):
    """pairs.parquet has the promised columns, with their meaning, and a row for each pair."""
    pairs.write(result, tmp_path)
    table = pq.read_table(tmp_path / "pairs.parquet")
    assert table.column_names == list(PAIR_COLUMNS)
    assert table["passage"].to_pylist() == ["same", "opened"]
    assert table.schema.field("passage").metadata[b"description"]


def test_one_capture_writes_no_pairs(result, tmp_path):
    """Without a second tap no file is written."""
    pairs.write(Result(result.observations, result.conclusions), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_screen_tells_clock_and_names(result):
    """What is opened is named, and the clocks' offset is told."""
    stream = io.StringIO()
    pairs.shown(Page(stream), result, whole=True)
    text = stream.getvalue()
    assert "7.000 s ahead" in text
    assert "opened between the taps" in text
    assert "b.example.com 443" in text


def test_clocks_of_which_nothing_tells_conclude_nothing():
    """Where nothing tells how the clocks stand, that is said, and what follows from it."""
    assert "no passage is concluded" in pairs.told(Clock(0, 0, 0.0, 0, 0, ""))
