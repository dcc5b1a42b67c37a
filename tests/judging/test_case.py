"""Words and figures that checks share."""

import pytest

from analyzer.judging.case import count, frames, lasting, listed
from tests.builders.site import API, EDGE, PUBLIC, Scene, because


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (121, "2 min"), (7300, "2 h"), (200_000, "2.3 days")])
def test_lasting_is_said_in_the_unit_that_fits(seconds, words):
    """Rounded as a person would."""
    assert lasting(seconds) == words


def test_count_and_listed():
    """One flow, two flows; a few names and how many more."""
    assert (count(1, "flow"), count(2, "flow")) == ("1 flow", "2 flows")
    assert listed(["a", "b", "a", "c", "d", "e"]) == "a, b, c and 2 more"


def test_what_was_seen_is_said_with_its_octets():
    """Each outcome tells on how many flows it stands."""
    scene = Scene()
    scene.edge()
    scene.tls(EDGE, PUBLIC, API)
    scene.named(EDGE, PUBLIC, API, 443, unanswered=True)
    made = scene.judged()
    assert because(made, "mm-std-api").startswith(f"1 flow to {PUBLIC}, 2800 octets; 1 more did not work (1 SYN to ")
    assert next((rule.flows, rule.octets) for rule in made.rules if rule.rule == "mm-std-api") == (1, 2800)


def test_frames_of_evidence():
    """In order, each once, and none where a fact has none."""
    assert frames(7, 0, 3, 7) == (3, 7)
