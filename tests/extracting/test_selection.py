"""A finding or a flow, and the frames that belong to it."""

from __future__ import annotations

import pytest

from analyzer import api
from analyzer.extracting.selection import (
    MOST_HOSTS,
    Life,
    Selection,
    SelectionError,
    of_all,
    of_finding,
    of_flow,
    of_same_finding,
    of_same_flow,
)
from analyzer.inspecting.steps import FlowError, key_of
from tests.builders.site import API, EDGE, PUBLIC, Scene

NATS = "54.218.103.126"


@pytest.fixture(scope="module")
def result():
    """A connection that works, and two that nobody answers."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, API)
    for _ in range(2):
        scene.silent(EDGE, NATS, 7422)
    return api.judge(scene.seen())


def test_a_finding_has_its_flows_and_notes(result):
    """The frames of its evidence say code, detail, rule and sentence; the title quotes the document."""
    wanted = of_finding(result, "f1")
    flows = [life.flow for lives in wanted.flows.values() for life in lives]
    assert flows == [1, 2]
    notes = [note for notes in wanted.notes.values() for note in notes]
    assert all(note.startswith("F1 syn-unanswered: ") and "[mm-nats-std-1: “" in note for note in notes)
    assert "MachineMetrics Network Requirements, " in wanted.title
    assert "or else: " in wanted.title
    assert wanted.last == max([life.last for lives in wanted.flows.values() for life in lives] + [*wanted.notes])


def test_a_code_is_all_its_findings(result):
    """As `analyzer explain` calls it."""
    assert of_finding(result, "syn-unanswered").flows == of_finding(result, "F1").flows


def test_a_flow_has_the_notes_of_findings_on_it(result):
    """Those of its own evidence only."""
    wanted = of_flow(result, "1")
    (lives,) = wanted.flows.values()
    assert (lives[0].flow, lives[0].first) == (1, 11)
    assert wanted.title.startswith("flow 1: blocked mm-nats-std-1 syn-unanswered")
    assert of_flow(result, "0").notes == {}


def test_ends_are_those_of_either_direction(result):
    """A packet of the server is one of the flow."""
    key = key_of(6, (PUBLIC, 443), (EDGE, 40000))
    assert key in of_flow(result, "0").flows


def test_hosts_are_packed_while_they_are_few(result):
    """So that few frames are dissected; of very many flows all are."""
    assert of_finding(result, "F1").hosts == [(bytes([10, 7, 0, 10]), bytes([54, 218, 103, 126]))]
    many = {number: [Life(number, 1, 2, (EDGE, f"198.51.100.{number}"))] for number in range(MOST_HOSTS + 1)}
    assert Selection("", many, {}).hosts == []


@pytest.mark.parametrize(
    ("text", "said"), [("F9", "F1 to F1"), ("no-such-code", "not in the result"), ("\x1b", "finding")]
)
def test_a_finding_that_is_not_there_is_told(result, text, said):
    """With those that are."""
    with pytest.raises(SelectionError, match=said) as caught:
        of_finding(result, text)
    assert str(caught.value).isprintable()


def test_a_flow_that_is_not_there_is_told(result):
    """As elsewhere."""
    with pytest.raises(FlowError, match="not in the capture"):
        of_flow(result, "99")


def test_all_of_it_has_the_notes_of_all(result):
    """And the findings for its title."""
    wanted = of_all(result)
    assert wanted.all
    assert wanted.notes == of_finding(result, "F1").notes
    assert wanted.title == of_finding(result, "F1").title
    assert of_all(api.judge(Scene().seen())).title == "no findings"


def test_the_same_finding_of_another_result_is_told_in_its_words(result):
    """Where it has it: the same code of the same flows."""
    assert of_same_finding(result, "F1", result) == of_finding(result, "F1")
    assert of_same_flow(result, "1", result) == of_flow(result, "1")
    for of_same, text in ((of_same_finding, "F1"), (of_same_flow, "1")):
        with pytest.raises(SelectionError, match="do not show it any more"):
            of_same(result, text, api.judge(Scene().seen()))
