"""The live view's screen at every size."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from analyzer.exporting import livechanges, livescreen
from analyzer.exporting.livescreen import FINDINGS, MACHINES, NOTES, PANELS, RULES, Looking
from tests.builders import live

SIZES = [(80, 24), (160, 50), (40, 10), (100, 12), (130, 23), (20, 5), (5, 3), (1, 1), (300, 90)]
PICTURES = {"plant": live.picture(), "large": live.many(), "hostile": live.hostile(), "empty": live.empty()}


def shown(picture, width=80, height=24, **given):
    """The screen as a terminal of that size shows it."""
    lines = livescreen.screen(picture, Looking(**given), width, height)
    console = Console(file=io.StringIO(), width=width, height=height, record=True)
    for line in lines:
        console.print(line)
    return console.export_text()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page", ["", FINDINGS, "help"])
@pytest.mark.parametrize("picture", PICTURES)
def test_nothing_overflows(picture, page, width, height):
    """So many lines, none wider, and nothing but what prints, whichever panel is looked at."""
    for panel in PANELS:
        looking = Looking(panel=panel, page=page, paused=panel == NOTES)
        lines = livescreen.screen(PICTURES[picture], looking, width, height)
        assert len(lines) == height
        assert max(cell_len(line.plain) for line in lines) <= width
        assert all(line.plain.isprintable() for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50)])
def test_all_panels_are_there(width, height):
    """What is captured, what fails, findings, machines, notes, keys."""
    text = shown(live.many(), width, height)
    for part in (
        "eth0 · ring",
        "no drops",
        "uplink",
        "812 open",
        "2 of 34 requirements fail",
        "REQUIREMENTS",
        "by outcome",
    ):
        assert part in text
    for part in ("✗ fails", "mm-iso-machines", "FINDINGS", "CRITICAL", "MACHINES", "edge-1 (edge)", "116%", "NOTES"):
        assert part in text
    for part in ("standard input ended", "space pause", "q quit"):
        assert part in text


def test_two_columns_where_there_is_room():
    """Rules stand beside findings on a wide screen, above them else."""

    def line_of(text, part):
        return next(number for number, line in enumerate(text.splitlines()) if part in line)

    wide, narrow = shown(live.many(), 160, 50), shown(live.many(), 80, 24)
    assert line_of(wide, "REQUIREMENTS") == line_of(wide, "FINDINGS")
    assert line_of(narrow, "REQUIREMENTS") < line_of(narrow, "FINDINGS") < line_of(narrow, "MACHINES")


def test_a_small_screen_shows_the_panel_that_is_looked_at():
    """And the verdict."""
    text = shown(live.many(), 40, 10, panel=MACHINES)
    assert "2 of 34 requirements fail" in text
    assert "MACHINES" in text
    assert "REQUIREMENTS" not in text


def test_what_is_looked_at_gets_more_room():
    """A panel in focus shows more of its lines."""
    looked, other = (shown(live.many(), panel=panel).count("10:01:") for panel in (FINDINGS, RULES))
    assert looked > other


def test_pause_is_said():
    """In the first line."""
    assert "PAUSED" in shown(live.picture(), paused=True).splitlines()[0]
    assert "PAUSED" not in shown(live.picture())


def test_no_pack_is_not_nothing_judged():
    """Once it was judged, it is said what was missing."""
    now = live.picture(result=live.with_rules(()))
    assert any("no rule pack governs a host" in line.plain for line in livescreen.screen(now, Looking(), 80, 24))
    assert any("nothing was judged yet" in line.plain for line in livescreen.screen(live.empty(), Looking(), 80, 24))


def test_scrolling_ends_at_the_end():
    """However far down one wants to look, the last rule is the last line, and one step up shows another."""
    looking = Looking(tops={RULES: 10_000})
    lines = [line.plain for line in livescreen.screen(live.many(), looking, 80, 24)]
    assert "-34 of 34" in next(line for line in lines if "REQUIREMENTS" in line)
    assert looking.tops[RULES] < 34


def test_the_marked_finding_stays_in_sight():
    """A mark further down than there is room scrolls; a finding that left gives the mark to the first."""
    picture = live.many()
    looking = Looking(panel=FINDINGS)
    looking.move(picture, 25)
    assert "edge-25:" in "\n".join(line.plain for line in livescreen.screen(picture, looking, 80, 24))
    assert looking.marked(picture.findings) == 25
    assert looking.marked(picture.findings[:5]) == 0
    looking.move(picture, -100)
    assert looking.mark is None


def test_the_page_of_a_finding_is_that_of_the_mark():
    """Its number and its text."""
    picture = live.many()
    text = shown(picture, page=FINDINGS, mark=livechanges.key(picture.findings[3]))
    assert "FINDING 4 OF 30" in text
    assert "edge-3:" in text
    assert "Change:" in text


def test_the_help_explains_every_sign_and_key():
    """Outcomes, and keys to pause, sort and quit."""
    text = shown(live.picture(), 100, 40, page="help")
    for part in ("✗ fails", "? not observable", "space, p", "enter", "q   "):
        assert part in text
