"""Nobody opens a connection to the Edge."""

from tests.builders.site import EDGE, PUBLIC, Scene, because, outcome

RULE = "mm-no-inbound"


def test_it_fails_with_who_came_in():
    """And holds for as long as was looked."""
    scene = Scene()
    scene.edge()
    made = scene.judged()
    assert (outcome(made, RULE), because(made, RULE)) == (
        "holds",
        f"{EDGE}: 1 flow in 2 min, none opened from elsewhere",
    )
    scene.flow(PUBLIC, EDGE, 22, service="ssh")
    made = scene.judged()
    assert (outcome(made, RULE), because(made, RULE)) == ("fails", f"1 flow from {PUBLIC} to port 22")


def test_without_an_edge_nothing_was_observed():
    """Not seen is not held."""
    assert outcome(Scene().judged(profiles=["machinemetrics"]), RULE) == "not_observed"
