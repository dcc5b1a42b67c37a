"""A clock that is set is told; one that is disciplined is not."""

from __future__ import annotations

import time

import pytest

from analyzer.watching.clock import TOLD, Clock, running_s


@pytest.mark.parametrize(
    ("step_s", "said"), [(0.4, []), (3600.0, ["forward by 3600.0 s"]), (-86400.0, ["back by 86400.0 s"])]
)
def test_a_step_is_told(monkeypatch, step_s, said):
    """With its size, its direction and the time."""
    clock = Clock()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + step_s)
    clock.look()
    clock.look()
    assert len(clock.told) == len(said)
    assert all(words in text for words, text in zip(said, clock.told, strict=True))


def test_a_clock_that_never_rests_fills_nothing(monkeypatch):
    """Only the last steps are told."""
    clock = Clock()
    offsets = iter(range(0, 10_000, 100))
    monkeypatch.setattr(time, "time", lambda: running_s() + next(offsets))
    for _ in range(20):
        clock.look()
    assert len(clock.told) == TOLD
