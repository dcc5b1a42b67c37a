"""A live capture is shown as where it is shown allows."""

from __future__ import annotations

import io
import json
import sys

import pytest

from analyzer.exporting import livedisplay
from analyzer.exporting.livedisplay import display
from tests.builders.live import picture


def never(seconds):
    """Nobody wants the end."""
    return False


@pytest.mark.parametrize("kind", ["auto", "json", "none"])
def test_elsewhere_than_on_a_terminal(monkeypatch, kind):
    """Lines, objects, or nothing; waiting goes on until the end is wanted."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with display(kind, "eth0", never, taken=False) as shown:
        shown.update(picture())
        assert shown.wait(0)
    with display(kind, "eth0", lambda seconds: True, taken=False) as shown:
        assert not shown.wait(0)
    lines = stream.getvalue().splitlines()
    assert bool(lines) == (kind != "none")
    if kind == "json":
        assert {json.loads(line)["event"] for line in lines} >= {"status"}


def test_objects_come_with_each_judging(monkeypatch):
    """And else once in a while."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    now = picture()
    with display("json", "eth0", never, taken=False) as shown:
        shown.update(now)
        first = len(stream.getvalue().splitlines())
        shown.update(now)
        assert len(stream.getvalue().splitlines()) == first
        monkeypatch.setattr(livedisplay, "STATUS_S", 0.0)
        shown.update(now)
        assert len(stream.getvalue().splitlines()) == first + 1


def test_a_key_ends_the_screen():
    """q, or somebody from elsewhere."""

    class Keys:
        def __init__(self, *pressed):
            self.pressed = [*pressed]

        def read(self, seconds):
            return self.pressed.pop(0) if self.pressed else ""

    class View:
        def key(self, char):
            return char != "q"

    assert not livedisplay.keyed(View(), Keys("s", "q"), never, 5)
    assert not livedisplay.keyed(View(), Keys(), lambda seconds: True, 5)
    assert livedisplay.keyed(View(), Keys("s"), never, 0.02)
