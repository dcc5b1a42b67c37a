"""Names as labels, thinned lines, widths of steps and cells, times and labels in panels."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from analyzer.exporting import drawing
from analyzer.rating import Span

S = 1_000_000_000
BEGIN = 1_700_000_000 * S


def usage(duration_s, windows_s=()):
    """A usage of which nothing but its time is known."""
    bins = duration_s + 1
    return SimpleNamespace(span=Span(BEGIN, S, bins, BEGIN, BEGIN + duration_s * S), windows_s=windows_s)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("mill-4", "mill-4"),
        ("$x_1$ \\alpha", "$x_1$ \\alpha"),
        ("a\x1b[31m\n", "a\\x1b[31m\\n"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u673a\u5e8a", "\\u673a\\u5e8a"),
        ("Fräse ½", "Fräse ½"),
        ("a" * 20 + "b" * 20, "a" * 12 + "…" + "b" * 13),
    ],
)
def test_a_name_is_shown_as_it_is_or_spelled_out(name, label):
    """Nothing moves, hides or reorders, nothing lacks a glyph, and what is long keeps both its ends."""
    assert drawing.named(name) == label


def test_a_thinned_line_keeps_peaks_dips_and_ends():
    """A long line has few points, and its extremes among them."""
    values = np.sin(np.arange(100_000.0) / 900)
    values[[777, 51_234]] = 9, -9
    at, kept = drawing.thinned(np.arange(100_000.0), values)
    assert len(kept) <= drawing.MOST_POINTS + 2
    assert (kept.max(), kept.min(), at[0], at[-1]) == (9, -9, 0, 99_999)
    assert (kept == values[at.astype(int)]).all()


def test_a_short_line_stays_as_it_is():
    """Where there are few points all are drawn."""
    at, kept = drawing.thinned(np.arange(5.0), np.arange(5.0) * 2)
    assert (at.tolist(), kept.tolist()) == ([0, 1, 2, 3, 4], [0, 2, 4, 6, 8])


@pytest.mark.parametrize(
    ("duration_s", "step_s", "cell_s"),
    [
        (19, 0, 0),
        (20, 10, 10),
        (125, 10, 10),
        (720, 10, 60),
        (10_800, 60, 300),
        (86_400, 300, 3600),
        (30 * 86_400, 3600, 3600),
    ],
)
def test_steps_and_cells_fit_the_time(duration_s, step_s, cell_s):
    """Steps are as narrow, and cells as wide, as can be seen; what is shorter than two has none."""
    assert (drawing.step_s(usage(duration_s)), drawing.cell_s(usage(duration_s))) == (step_s, cell_s)


def test_captures_too_long_for_series_have_no_steps():
    """Where no bins are held nothing can be drawn over time."""
    long = SimpleNamespace(span=Span(BEGIN, S, 0, BEGIN, BEGIN + 10**9 * S))
    assert (drawing.step_s(long), drawing.cell_s(long)) == (0, 0)


@pytest.mark.parametrize(
    ("windows_s", "long_s"), [((), 0), ((1.0,), 0), ((1.0, 10.0), 10), ((1.0, 10.0, 300.0, 3600.0), 300)]
)
def test_the_longest_windows_are_those_of_budgets(windows_s, long_s):
    """An hour says less than budgets do, a second nothing."""
    assert drawing.long_s(usage(60, windows_s)) == long_s


def test_edges_are_where_windows_begin_and_the_last_ends():
    """A series of two minutes has three edges, a minute apart."""
    index = pd.DatetimeIndex(["2026-11-20 08:00", "2026-11-20 08:01"], tz="UTC")
    days = np.array(["2026-11-20T08:00", "2026-11-20T08:01", "2026-11-20T08:02"], "M8[s]").astype(np.int64) / 86_400
    assert drawing.edges(index, 60.0) == pytest.approx(days, abs=1e-9)


def test_times_are_utc_whatever_the_users_time_zone():
    """The ticks and the label below tell UTC."""
    with mpl.rc_context({"timezone": "Asia/Tokyo"}), drawing.styled():
        figure, axes = drawing.sheet("title", 3)
        drawing.times(axes, usage(3600))
        figure.draw_without_rendering()
    assert axes.get_xlabel() == "UTC, 2023-11-14 22:13:20 to 23:13:20"
    assert axes.get_xticklabels()[0].get_text() in {"22:15", "22:20", "22:30"}


def test_a_label_over_midnight_names_both_days():
    """What ends on another day says on which."""
    with drawing.styled():
        _, axes = drawing.sheet("title", 3)
        drawing.times(axes, usage(7200), "1 machine with less left out")
    assert axes.get_xlabel() == "UTC, 2023-11-14 22:13:20 to 2023-11-15 00:13:20; 1 machine with less left out"


def test_labels_beside_a_panel_do_not_lie_on_each_other():
    """Equal heights are told one above the other, others where they are."""
    with drawing.styled():
        _, axes = drawing.sheet("title", 3)
        axes.set_ylim(0, 10)
        drawing.beside(axes, [(9, "c", "black"), (1, "a", "black"), (1, "b", "black")])
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert (heights["a"], heights["c"]) == pytest.approx((0.1, 0.9))
    assert heights["b"] - heights["a"] > 0.05


def test_what_is_left_out_is_counted():
    """Nothing is said where all is drawn."""
    assert drawing.left_out("kbit/s", 0, "machine") == "kbit/s"
    assert drawing.left_out("", 1, "machine") == "1 machine with less left out"
    assert drawing.left_out("kbit/s", 1200, "machine") == "kbit/s; 1 200 machines with less left out"


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (0.25, "0.25"), (12.345, "12.3"), (1234567.0, "1 234 567")])
def test_numbers_are_written_out(value, text):
    """No exponents, no trailing zeros."""
    assert drawing.number(value) == text


def test_the_users_settings_are_back_afterwards():
    """A style of theirs neither changes figures nor is changed."""
    with mpl.rc_context({"font.size": 31.0}):
        with drawing.styled():
            assert mpl.rcParams["font.size"] == 8
        assert mpl.rcParams["font.size"] == 31


def test_the_more_steps_the_thinner_their_outline():
    """Thousands of outlines would hide what they surround."""
    assert drawing.thin(np.zeros(20)) == 0.8
    assert drawing.thin(np.zeros(2000)) == pytest.approx(0.1)


def test_panels_are_capped_and_say_so():
    """Six Edges have four panels, and one more below where it is asked for."""
    with drawing.styled():
        figure, axes = drawing.panels("Upload", 6, 1.5, 1)
    assert (len(axes), figure.get_suptitle()) == (5, "Upload; 2 Edges with less left out")
