"""Getting through."""

from tests.builders.site import API, EDGE, PUBLIC, Scene, because, outcome

RULE = "mm-out-https"


def test_one_that_worked_holds_and_names_those_in_vain():
    """443 is open, though not to everybody."""
    scene = Scene()
    scene.edge()
    scene.named(EDGE, PUBLIC, API, 443, unanswered=True)
    made = scene.judged()
    assert outcome(made, RULE) == "holds"
    assert because(made, RULE).endswith(f"; in vain to {API}")


def test_all_in_vain_is_not_observed():
    """Why not is for other evidence to say."""
    scene = Scene()
    scene.named(EDGE, PUBLIC, "mm-adapter-store.s3.us-west-2.amazonaws.com", 443, unanswered=True)
    made = scene.judged()
    assert (outcome(made, RULE), outcome(made, "mm-out-nats")) == ("not_observed", "not_observed")
    assert because(made, RULE).startswith("1 flow tried, none got through: 1 SYN to ")


def test_all_stopped_fails():
    """Nothing got through, and something stopped each."""
    scene = Scene()
    scene.edge()
    for _ in range(2):
        scene.silent(EDGE, "54.218.103.126", 7422)
    made = scene.judged()
    assert outcome(made, "mm-out-nats") == "fails"
    assert because(made, "mm-out-nats") == (
        "2 flows stopped, none got through: 54.218.103.126 port 7422 (syn-unanswered)"
    )
