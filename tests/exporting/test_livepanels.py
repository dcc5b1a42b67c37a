"""Panels of the live view, line by line."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from rich.cells import cell_len

from analyzer.exporting import livepanels
from analyzer.exporting.livepanels import Turned
from analyzer.findings import Outcome, Severity
from tests.builders import live
from tests.builders.plant import START_NS


def plain(lines):
    """What is read."""
    return [line.plain.rstrip() for line in lines]


def header(picture, width=100, **given):
    """The header as one text."""
    return "\n".join(plain(livepanels.header(picture, (1.0, 2.0), width, short=given.get("short", False))))


@pytest.mark.parametrize("width", [1, 20, 40, 80, 160])
@pytest.mark.parametrize("picture", [live.picture(), live.many(), live.hostile(), live.empty()])
def test_every_line_is_as_wide_as_asked(picture, width):
    """Neither less nor more, whatever is shown."""
    lines = livepanels.header(picture, (), width, short=False)
    lines += livepanels.rules(picture, {}, width, by_section=True) + livepanels.rules(
        picture, {}, width, by_section=False
    )
    lines += [livepanels.finding(seen, width) for seen in picture.findings]
    lines += livepanels.machines(picture, width, by_name=False)
    lines += livepanels.notes(picture, width)
    lines += [line for seen in picture.findings for line in livepanels.in_full(seen, width)]
    assert {cell_len(line.plain) for line in lines} == {width}
    assert all(line.plain.isprintable() for line in lines)


def test_the_header_tells_how_the_capture_goes():
    """Interface, feed, time, rates, uplink, flows, verdict."""
    told = header(live.picture())
    for part in (
        "eth0 · ring · 2026-03-01 10:01:00 UTC · for 1 min 0 s", "12 345 packets/s · 33.7 Mbit/s", "no drops",
        "1.2 Mbit/s 12%", "3.4 Mbit/s 34%", "of 10 Mbit/s", "812 open", "20 412 held", "1 204 113 left memory",
        "0 shed", "1 of 17 requirements fails",
    ):  # fmt: skip
        assert part in told


def test_drops_are_loud():
    """Their number and share on red; where the feed cannot tell, that is said."""
    (line,) = (
        one for one in livepanels.header(live.picture(dropped=740_700), (), 80, short=True) if "DROP" in one.plain
    )
    assert " 740 700 DROPPED (50.00%) " in line.plain
    assert any("on red" in str(span.style) for span in line.spans)
    assert "drops not known" in header(live.picture(dropped=None))


def test_an_uplink_that_is_not_known_has_no_bar():
    """Rates alone."""
    told = header(live.picture(uplink_bps=0.0))
    assert "what it carries is not known" in told
    assert livepanels.FREE not in told


def test_long_names_keep_their_ends():
    """By which machines differ; the role gives way first, and numbers sort as people count."""
    hosts = [f"Mazak INTEGREX i-200ST, hall {number}" for number in (10, 9)] + ["Robodrill a-D21MiB5 66", "机床"]
    now = live.picture(result=live.with_rules((), [live.budget(host, 500.0, 1000.0) for host in hosts]))
    lines = plain(livepanels.machines(now, 80, by_name=True))
    assert [line[3:27].strip() for line in lines][:3] == [
        "Mazak INTEGREX …, hall 9", "Mazak INTEGREX … hall 10", "Robodrill a-D21MiB5 66",
    ]  # fmt: skip
    assert lines[3].startswith(" ✓ 机床 (machine)")
    assert {cell_len(line) for line in lines} == {80}


def test_before_the_first_frame_it_waits():
    """And has judged nothing."""
    told = header(live.empty())
    assert "waiting for the first frame" in told
    assert "nothing was judged yet" in told


def test_rules_go_by_outcome_or_by_section():
    """What fails first, or below the headings of the document."""
    by_outcome = plain(livepanels.rules(live.picture(), {}, 80, by_section=False))
    assert [line.split()[0] for line in by_outcome] == ["✗", "?", *["✓"] * 2, *["·"] * 13]
    by_section = plain(livepanels.rules(live.picture(), {}, 80, by_section=True))
    assert by_section[0] == "machinemetrics · Required Outbound Ports"
    assert "✓ holds" in by_section[1]


def test_a_rule_that_turned_lately_is_marked():
    """With what it was until when; after a while no longer."""
    picture = live.picture(60)
    turned = {("machinemetrics", "mm-domain-7"): Turned(START_NS + 48 * live.S, Outcome.HOLDS)}
    lines = plain(livepanels.rules(picture, turned, 80, by_section=False))
    assert lines[4].startswith("▸· not observed   domain 7")
    assert lines[4].endswith("held until 12 s ago")
    later = livepanels.rules(
        replace(picture, now_ns=picture.now_ns + livepanels.LATELY_NS), turned, 80, by_section=False
    )
    assert not any("▸" in line for line in plain(later))


def test_findings_have_time_severity_and_title():
    """One that is gone says so."""
    found = (live.seen("a", 2, severity=Severity.CRITICAL), live.seen("b", 1, gone=True))
    assert plain(livepanels.finding(seen, 60) for seen in found) == [
        "10:00:02 CRITICAL a",
        f"{'10:00:01 HIGH     b':<55} gone",
    ]
    picture = live.picture(findings=(found[1], live.seen("c", severity=Severity.LOW), found[0]))
    assert [one.finding.title for one in livepanels.sorted_findings(picture, worst_first=True)] == ["a", "c", "b"]
    assert livepanels.sorted_findings(picture, worst_first=False) == picture.findings


def test_machines_show_their_share_of_the_budget():
    """The fullest first, or by name; one without a rate has an empty bar, at the end."""
    budgets = [
        live.budget("a", 250.0, 1_000.0),
        live.budget("b", 1_500.0, 1_000.0),
        live.budget("c", math.nan, 1_000.0),
    ]
    picture = live.picture(result=live.with_rules((), budgets))
    first, second, third = plain(livepanels.machines(picture, 80, by_name=False))
    assert first.startswith(" ✓ b (machine)  ██")
    assert first.endswith("150%")
    assert livepanels.FREE not in first
    assert second.count("█") == math.ceil((second.count("█") + second.count("░")) / 4)
    assert "250 bit/s of 1 kbit/s" in second
    assert "not known of 1 kbit/s" in third
    by_name = plain(livepanels.machines(picture, 80, by_name=True))
    assert [line.split()[1] for line in by_name] == ["a", "b", "c"]


def test_a_finding_in_full_has_all_that_one_needs():
    """What `analyzer check` tells of it, and when it was seen."""
    told = " ".join(" ".join(plain(livepanels.in_full(live.seen(at_s=30, gone=True), 80))).split())
    for part in (
        "Who: m1",
        "Rule:",
        "Seen:",
        "Or else:",
        "Change:",
        "Filter:",
        "10:00:30 UTC to 2026",
        "and no longer",
    ):
        assert part in told


def test_a_bar_is_never_longer_than_its_room():
    """Full from all on, with something as soon as there is something."""
    assert [livepanels.bar(share, 4) for share in (0, 0.01, 0.5, 1, 7, math.nan)] == [
        "░░░░", "█░░░", "██░░", "████", "████", "░░░░",
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "colour"), [(0.5, "green"), (0.9, "yellow"), (1.01, "bold red")])
def test_a_bar_warns_before_it_is_full(share, colour):
    """By its colour: near the limit, and above it, of an uplink as of a machine."""
    picture = live.picture(up_bps=share * 1e7, down_bps=0.0, result=live.with_rules((), [live.budget("m", share, 1.0)]))
    (uplink,) = (line for line in livepanels.header(picture, (), 100, short=False) if "uplink" in line.plain)
    for line in (uplink, *livepanels.machines(picture, 100, by_name=False)):
        (first, *_) = (span for span in line.spans if line.plain[span.start : span.end][:1] == livepanels.FULL)
        assert first.style == colour
