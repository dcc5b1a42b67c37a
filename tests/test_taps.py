"""Two taps, their flows and their clocks."""

from __future__ import annotations

from analyzer.comparing import lay
from analyzer.taps import MEANINGS, PAIR_COLUMNS, Clock, Passage, side_by_side, summary
from tests.builders.taps import Site


def taps():
    site = Site(offset_s=7)
    site.passed("a.example.com", hello=1)
    site.opened("b.example.com", hello=2)
    return lay(*site.seen())


def test_each_side_sees_the_other():
    """Both sides tell of a flow what became of it, and which row it has over there."""
    found = taps()
    assert found.from_inside().flows[1] == (Passage.OPENED, 1, "name")
    assert found.from_outside().flows[0] == (Passage.SAME, 0, "hello")


def test_rows_have_the_columns_that_are_promised():
    """Every row has a cell for each column, and both originators."""
    rows = side_by_side(taps())
    assert [len(row) for row in rows] == [len(PAIR_COLUMNS)] * 2
    assert rows[0][-2].startswith("10.0.0.5:")
    assert rows[0][-1].startswith("203.0.113.7:")


def test_the_summary_counts_every_passage():
    """Each passage has its count, and the clock its offset in seconds."""
    told = summary(taps())
    assert told["clock"]["offset_s"] == 7.0
    assert set(told["passages"]) == {passage.value for passage in MEANINGS}
    assert (told["passages"]["same"], told["passages"]["opened"]) == (1, 1)


def test_a_clock_that_drifts_is_taken_back():
    """A time of the outside clock becomes one of the inside clock, drift included."""
    clock = Clock(offset_ns=1_000, spread_ns=0, drift=1e-6, at_ns=0, flows=9, told_by="hello")
    assert clock.inside(1_000_000_000 + 1_000 + 1_000) == 1_000_000_000
