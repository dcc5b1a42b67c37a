"""What changed is shown at any width, and written."""

from __future__ import annotations

import io
import json

import pytest

from analyzer import differing
from analyzer.differing import Change, Difference, FindingChange, RuleChange
from analyzer.earlier import Taken
from analyzer.exporting import changes

EVIL = "\x1b[2J\u202e.example"
BEFORE = Taken("before.pcapng", "2026-11-20T23:15:13.000000001Z", None)


def finding(change, **given):
    """A change of a finding."""
    fields = {"host": "edge-1", "whom": "app.example", "port": 443, "was": ("a-code",), "now": ("b-code",)}
    fields |= {"severity": "high", "title": "edge-1 was refused at app.example port 443"}
    return FindingChange(change, **{**fields, **given})


def ruled(change, was, now, **given):
    """A change of a rule."""
    fields = {"rule": "mm-x", "pack": "machinemetrics", "because": "2 flows", "was": was, "now": now}
    return RuleChange(change, **fields | given)


DIFFERENCE = Difference(
    captures=(BEFORE,),
    rules=(
        ruled(Change.BROKEN, "holds", "fails"),
        ruled(Change.CHANGED, "not_observed", "holds"),
        ruled(Change.STILL, "fails", "fails"),
        ruled(Change.GONE, "fails", ""),
        ruled(Change.MENDED, "fails", "holds"),
    ),
    findings=(
        finding(Change.BROKEN, was=()),
        finding(Change.CHANGED),
        finding(Change.STILL, now=("a-code",)),
        finding(Change.UNCLEAR, now=()),
        finding(Change.GONE, now=(), whom="", port=0, title="edge-1 leases its address"),
        finding(Change.MENDED, now=()),
    ),
    same=3,
    notes=("judged by a before, by b now",),
)


@pytest.fixture
def shown(monkeypatch):
    """A function that gives the lines of a difference in a pipe of some width."""

    def lines(what, width=80, detail=0):
        monkeypatch.setenv("COLUMNS", str(width))
        stream = io.StringIO()
        changes.show(what, stream, detail)
        made = stream.getvalue().splitlines()
        assert max(map(len, made)) <= width
        return made

    return lines


def test_how_much_changed_comes_first(shown):
    """Since which capture, how many findings and rules; terse is that and nothing else."""
    lines = shown(DIFFERENCE, detail=-1)
    assert lines[1:] == [
        "CHANGES  since before.pcapng of 2026-11-20 23:15:13 UTC",
        "  findings   1 broken · 1 changed · 1 still · 1 unclear · 1 gone · 1 mended",
        "  rules      1 broken · 1 changed · 1 still · 1 gone · 1 mended",
    ]
    assert shown(DIFFERENCE)[: len(lines)] == lines


@pytest.mark.parametrize("width", [80, 160])
def test_each_change_has_a_line(shown, width):
    """Who with whom and what it was; what fails as before is counted only."""
    lines = [" ".join(line.split()) for line in shown(DIFFERENCE, width)]
    for line in (
        "✗ broken edge-1 app.example port 443 is b-code",
        "· changed edge-1 app.example port 443 was a-code, is b-code",
        "? unclear edge-1 app.example port 443 was a-code",
        "unclear: it is seen again, but too little of it, or not well throughout",
        "? gone edge-1 edge-1 leases its address was a-code",
        "✓ mended edge-1 app.example port 443 was a-code",
        "✗ broken mm-x machinemetrics held, fails now: 2 flows",
        "? gone mm-x machinemetrics failed, is not judged now",
        "✓ mended mm-x machinemetrics failed, holds now",
        "failed, fails now: 1 rule",
        "was not observed, holds now: 1 rule",
        "gone: nothing of it is seen in this capture, which proves nothing",
        "note judged by a before, by b now",
    ):
        assert line in lines
    assert not any("still" in line for line in lines[4:])


def test_everything_is_everything(shown):
    """What is as bad as before, and rules that fail neither time."""
    lines = [" ".join(line.split()) for line in shown(DIFFERENCE, detail=1)]
    assert "· still edge-1 app.example port 443 is a-code" in lines
    assert "· changed mm-x machinemetrics was not observed, holds now" in lines
    assert "was not observed, holds now: 1 rule" not in lines


def test_nothing_changed_is_said(shown):
    """Also of a result that was of no capture, or of several."""
    nothing = Difference((), (), (), 9, ())
    assert shown(nothing)[1:] == [
        "CHANGES  since a result of no capture",
        "  findings   none changed",
        "  rules      none changed",
    ]
    assert shown(Difference((BEFORE, BEFORE), (), (), 9, ()))[1].endswith("since 2 captures of 2026-11-20 23:15:13 UTC")
    assert shown(Difference((Taken("x", None, None),), (), (), 9, ()))[1].endswith("since x")


def test_hostile_names_reach_no_terminal(shown, tmp_path):
    """From a capture, and from a folder that somebody else sent."""
    evil = Difference(
        (Taken(EVIL, EVIL, EVIL),),
        (ruled(Change.BROKEN, EVIL, "fails", rule=EVIL, pack=EVIL, because=EVIL),),
        (finding(Change.NEW, host=EVIL, whom=EVIL, now=(EVIL,), title=EVIL),),
        0,
        (EVIL,),
    )
    for width in (80, 160):
        assert "".join(shown(evil, width)).isprintable()
    changes.write(evil, tmp_path)
    text = (tmp_path / "difference.json").read_text(encoding="ascii")
    assert text.replace("\n", "").isprintable()


def test_the_file_holds_the_structure(tmp_path):
    """difference.json is what a program gets."""
    changes.write(DIFFERENCE, tmp_path)
    told = json.loads((tmp_path / "difference.json").read_text(encoding="ascii"))
    assert told == json.loads(json.dumps(differing.facts(DIFFERENCE)))
    assert told["schema"] == "analyzer-difference/1"
    assert [one["change"] for one in told["rules"]] == ["broken", "changed", "still", "gone", "mended"]
