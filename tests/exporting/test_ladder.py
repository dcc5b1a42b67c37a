"""One flow, frame by frame, for a person and a program."""

from __future__ import annotations

import io
import json

import pytest

from analyzer import api
from analyzer.exporting import ladder
from analyzer.inspecting.steps import Reading, Step
from tests.builders.site import API, EDGE, PUBLIC, Scene

S = 1_000_000_000
BEGIN = 1_700_000_000 * S


def judged():
    """A flow that works, and one that nobody answers."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, API)
    for _ in range(2):
        scene.silent(EDGE, "54.218.103.126", 7422)
    return api.judge(scene.seen())


def reading(count=3, says="hello"):
    """So many frames, the second from the responder, the last after two seconds of silence."""
    steps = [
        Step(number + 1, BEGIN + number * 1000 + (2 * S if number == count - 1 else 0), number != 1, "S", 5, says)
        for number in range(count)
    ]
    return Reading("TShark 9.9", tuple(steps), cut=False)


def shown(monkeypatch, width=80, read=None, flows=(1,), **given):
    """What is written."""
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    ladder.shown(judged(), flows, read or reading(), stream, **given)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 160])
def test_it_fits_the_screen(monkeypatch, width):
    """However long what a frame says is."""
    text = shown(monkeypatch, width, reading(says="word " * 60))
    assert max(map(len, text.splitlines())) <= width


def test_what_is_concluded_stands_above(monkeypatch):
    """Verdict, rule and finding of the flow; then its frames with direction and silence."""
    text = shown(monkeypatch)
    assert "blocked · suggestive · mm-nats-std-1 · syn-unanswered" in text
    assert "F1 " in text
    lines = [line.split() for line in text.splitlines() if line[:8].strip().isdigit()]
    assert [(line[0], line[2]) for line in lines] == [("1", "->"), ("2", "<-"), ("3", "->")]
    assert "2.0 s of silence" in text


def test_the_middle_of_a_long_flow_is_left_out(monkeypatch):
    """Unless all of it is wanted; how much is left out is said."""
    many = reading(300)
    assert "100 frames left out (-v)" in shown(monkeypatch, read=many)
    whole = shown(monkeypatch, read=many, whole=True)
    assert sum(line[:8].strip().isdigit() for line in whole.splitlines()) == 300


def test_what_a_frame_says_only_shows(monkeypatch):
    """A dissector repeats what hosts said: escape sequences among it."""
    text = shown(monkeypatch, read=reading(says="\x1b[2J\u202eGET /"))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_flow_without_frames_is_told(monkeypatch):
    """Where a program reads none of them."""
    assert "0 frames, as TShark 9.9 reads them" in shown(monkeypatch, read=Reading("TShark 9.9", (), cut=False))


def test_a_program_reads_the_same():
    """As JSON: the row of the flow, its findings, each step; the others that were meant."""
    told = json.loads(json.dumps(ladder.facts(judged(), (1, 2), reading()), allow_nan=False))
    assert (told["schema"], told["others"], told["findings"]) == ("analyzer-flow/1", [2], ["F1"])
    assert told["flow"]["verdict"] == "blocked"
    assert told["flow"]["start"].endswith("Z")
    assert [step["direction"] for step in told["steps"]] == ["forth", "back", "forth"]
