"""Documented destinations only."""

from tests.builders.site import EDGE, OUTSIDE, PUBLIC, Scene, because, outcome

RULE = "mm-only-documented"


def test_it_fails_with_what_no_row_allows():
    """And names whom."""
    scene = Scene()
    scene.edge()
    assert outcome(scene.judged(), RULE) == "holds"
    scene.tls(EDGE, PUBLIC, "files.example")
    made = scene.judged()
    assert (outcome(made, RULE), made.fails) == ("fails", True)
    assert "1 flow with files.example port 443" in because(made, RULE)


def test_what_cannot_be_told_is_counted_beside_what_holds():
    """An address without a name is no breach."""
    scene = Scene()
    scene.edge()
    scene.flow(EDGE, PUBLIC, 443, midstream=True)
    assert because(scene.judged(), RULE).startswith(f"1 flow of {EDGE}, all to documented destinations; 1 undetermined")


def test_nothing_to_judge_is_not_observed():
    """An Edge of which nothing worked."""
    scene = Scene()
    scene.named(EDGE, PUBLIC, "mm-adapter-store.s3.us-west-2.amazonaws.com", 443, unanswered=True)
    made = scene.judged()
    assert (outcome(made, RULE), outcome(Scene().judged(profiles=["machinemetrics"]), RULE)) == (
        "holds",
        "not_observed",
    )


def test_an_address_of_several_hosts_breaks_nothing():
    """Nobody knows who it was."""
    scene = Scene()
    scene.edge(OUTSIDE)
    scene.tls(OUTSIDE, PUBLIC, "files.example")
    assert outcome(scene.judged(), RULE) == "holds"
