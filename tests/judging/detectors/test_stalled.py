"""Connections that fall silent in their middle."""

import pytest

from analyzer.judging.detectors import stalled
from tests.builders.blocked import evidence
from tests.builders.site import BEGIN, EDGE, PUBLIC, S, Scene

GONE = {"orig_again": 5, "resp_last_ns": BEGIN, "end_ns": BEGIN + 12 * S}


def test_a_connection_that_worked_and_fell_silent():
    """What was sent again, and over how long, is told."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, "files.example", **GONE)
    scene.tls(EDGE, "203.0.113.80", "other.example")
    (found,) = evidence(stalled, scene)
    assert (found.flow, str(found.leaning), str(found.strength)) == (row, "blocked", "suggestive")
    assert found.detail == (
        "files.example port 443 fell silent after 1500 octets; 5 segments were sent again over 12.0 s,"
        " while other connections went on"
    )


def test_where_nothing_else_gets_through_the_path_is_down():
    """A link that was lost stops all connections."""
    scene = Scene()
    row = scene.tls(EDGE, PUBLIC, "files.example", **GONE)
    assert [(found.flow, str(found.leaning)) for found in evidence(stalled, scene)] == [(row, "undetermined")]


@pytest.mark.parametrize(
    "given",
    [{"orig_again": 2}, {"resp_rsts": 1}, {"resp_fins": 1}, {"orig_fins": 1}, {"midstream": True}],
)
def test_what_is_no_stall(given):
    """A loss that was made good, a connection that either end closed, one that was met in its middle."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, "files.example", **{**GONE, **given})
    assert evidence(stalled, scene) == []


def test_the_healthy_twin():
    """Idle is not stalled: nothing was sent again."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, "files.example", resp_last_ns=BEGIN, end_ns=BEGIN + 60 * S)
    assert evidence(stalled, scene) == []
