"""Lines about a live capture, plain and as JSON."""

from __future__ import annotations

import io
import json

import jsonschema
import pytest

from analyzer.exporting.livelines import Lines, json_lines
from analyzer.findings import Outcome, Severity, Strength, Verdict
from tests.builders import live

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
RATE = {"type": "number", "minimum": 0}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$"}
MAYBE = {"type": "null"}
OUTCOMES = [outcome.value for outcome in Outcome]


def either(kind):
    """That, or null."""
    return {"anyOf": [kind, MAYBE]}


def closed(**properties):
    """An object of these properties, each of them there, and no other."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


HEAD = {"at": either(TIME), "interface": TEXT}
SHOWN = {
    "code": TEXT,
    "verdict": {"enum": [*Verdict]},
    "severity": {"enum": [*Severity]},
    "strength": {"enum": [*Strength]},
    "title": TEXT,
    "host": TEXT,
    "pack": TEXT,
    "rule": TEXT,
    "remedy": TEXT,
    "filter": TEXT,
    "flows": COUNT,
    "frames": {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 100},
    "first": TIME,
    "last": TIME,
}
EVENTS = [
    closed(**HEAD, event={"enum": ["finding", "finding-gone"]}, **SHOWN),
    closed(
        **HEAD, event={"const": "rule"}, pack=TEXT, rule=TEXT, title=TEXT, because=TEXT, flows=COUNT,
        outcome={"enum": OUTCOMES}, before=either({"enum": OUTCOMES}),
    ),
    closed(**HEAD, event={"const": "note"}, text=TEXT),
    closed(
        **HEAD, event={"const": "status"}, feed=TEXT, frames=COUNT, octets=COUNT, dropped=either(COUNT), frames_s=RATE,
        bps=RATE, up_bps=RATE, down_bps=RATE, uplink_bps=either(RATE), findings=COUNT, judged_s=RATE,
        flows=closed(open=COUNT, held=COUNT, left=COUNT, shed=COUNT),
        outcomes=either(closed(**dict.fromkeys(OUTCOMES, COUNT))),
    ),
]  # fmt: skip
CHECK = jsonschema.Draft202012Validator({"oneOf": EVENTS})
PICTURES = {"plant": live.picture(), "large": live.many(), "hostile": live.hostile(), "empty": live.empty()}


def plain(*pictures):
    """What is written for each picture."""
    stream = io.StringIO()
    lines, made = Lines(stream), []
    for picture in pictures:
        before = len(stream.getvalue())
        lines.update(picture)
        made.append(stream.getvalue()[before:].splitlines())
    return made


def events(picture, before=None):
    """The JSON lines, read again."""
    return [json.loads(line) for line in json_lines(picture, before)]


@pytest.mark.parametrize("before", [None, *PICTURES])
@pytest.mark.parametrize("now", PICTURES)
def test_every_json_line_is_as_described(now, before):
    """Valid by the schema, ASCII, one line each, and the docstring names every key."""
    for line in json_lines(PICTURES[now], before and PICTURES[before]):
        assert line.isascii()
        assert line.isprintable()
        CHECK.validate(json.loads(line))
        assert all(key in json_lines.__doc__ for key in json.loads(line))


def test_json_tells_what_changed_and_how_it_goes():
    """Rules that turned, findings new and gone, notes, the status last."""
    old, new = live.seen("old", 1), live.seen("new", 20)
    before = live.picture(60, findings=(old,))
    now = live.picture(70, findings=(new,), result=live.judged(mm_out_ntp=Outcome.FAILS), notes=("a cable was pulled",))
    rule, finding, gone, note, status = events(now, before)
    assert (rule["event"], rule["rule"], rule["before"], rule["outcome"]) == (
        "rule",
        "mm-out-ntp",
        "not_observed",
        "fails",
    )
    assert (finding["event"], finding["title"], finding["first"]) == (
        "finding",
        "new",
        "2026-03-01T10:00:20.123456789Z",
    )
    assert (gone["event"], gone["title"]) == ("finding-gone", "old")
    assert (note["event"], note["text"]) == ("note", "a cable was pulled")
    assert (status["event"], status["frames"], status["outcomes"]["fails"]) == ("status", now.frames, 2)
    assert {event["at"] for event in events(now, before)} == {"2026-03-01T10:01:10.123456789Z"}
    assert [event["event"] for event in events(now, now)] == ["status"]


def test_plain_lines_tell_the_same():
    """Rules and why, findings, notes, and how it goes."""
    old, new = live.seen("old", 1), live.seen("new", 20)
    now = live.picture(70, findings=(new,), result=live.judged(mm_out_ntp=Outcome.FAILS), notes=("a cable was pulled",))
    first, second = plain(live.picture(60, findings=(old,)), now)
    assert first[-1] == (
        "2026-03-01T10:01:00Z  status   12 345 packets/s; 33.7 Mbit/s; up 1.2 Mbit/s, down 3.4 Mbit/s of 10 Mbit/s; "
        "0 dropped; 812 flows open, 20 412 held; 2 holds, 1 fails, 13 not observed, 1 not observable"
    )
    told = [line.removeprefix("2026-03-01T10:01:10Z  ") for line in second]
    assert told[0].startswith("rule     fails, was not observed  mm-out-ntp  time from an NTP pool: no flow")
    assert told[1:4] == ["finding  HIGH  new", "gone     HIGH  old", "note     a cable was pulled"]
    assert told[4].startswith("status   ")
    assert len(told) == 5


def test_nothing_is_said_while_nothing_changes():
    """But once a minute, and when frames or flows are lost."""
    pictures = [live.picture(at_s) for at_s in range(60, 200, 10)]
    assert [len(lines) for lines in plain(*pictures)[1:]] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
    lost, shed = live.picture(62, dropped=7), live.picture(64, dropped=7, shed_flows=9)
    one, two, three = (*plain(live.picture(60), lost, shed)[1:], plain(live.picture(60), live.picture(61))[1])
    assert "7 dropped" in one[0]
    assert "9 flows shed" in two[0]
    assert three == []


@pytest.mark.parametrize("picture", PICTURES)
def test_plain_lines_are_harmless(picture):
    """In ASCII without control characters, each with a time or a dash, whatever the capture says."""
    (lines,) = plain(PICTURES[picture])
    assert lines
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
        assert line.split()[1] in {"rule", "finding", "gone", "note", "status"}


def test_lines_reach_a_pipe_at_once():
    """Every update is flushed."""

    class Pipe(io.StringIO):
        flushed = ""

        def flush(self):
            """What has reached the other end."""
            self.flushed = self.getvalue()

    pipe = Pipe()
    Lines(pipe).update(live.picture())
    assert pipe.flushed == pipe.getvalue() != ""


def test_figures_that_grow_make_no_line():
    """A finding or note that tells another number is no news."""

    def told(number, at_s):
        finding = live.seen(f"edge-1: {number} kbps against 9 kbps")
        return live.picture(at_s, findings=(finding,), notes=(f"{number} frames were cut",))

    assert plain(told(11, 60), told(12, 62))[1] == []
    assert [event["event"] for event in events(told(12, 62), told(11, 60))] == ["status"]
