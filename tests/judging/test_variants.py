"""Which variant of a document holds."""

from tests.builders.site import API, EDGE, PUBLIC, Scene, outcome

GOV = "api.machinemetrics-us-gov.com"


def test_names_tell_the_variant():
    """Rows of the other variant are no rows here, and a note says what told."""
    scene = Scene()
    scene.edge()
    made = scene.judged()
    assert made.variants == (("machinemetrics", "standard"),)
    assert not any(rule.rule.startswith("mm-gov-") for rule in made.rules)
    assert any("variant standard, inferred" in note for note in made.notes)


def test_what_is_stated_is_not_inferred():
    """The user knows better."""
    scene = Scene()
    scene.edge()
    made = scene.judged(profiles=["machinemetrics:govcloud"])
    assert made.variants == (("machinemetrics", "govcloud"),)
    assert not any("variant" in note for note in made.notes)


def test_both_at_once_are_both_judged():
    """What either allows is expected, and the mixture is a finding."""
    scene = Scene()
    scene.edge()
    scene.tls(EDGE, PUBLIC, API)
    scene.tls(EDGE, "18.252.129.108", GOV)
    made = scene.judged()
    assert set(made.flows.verdict) == {"expected"}
    assert (len(made.variants), outcome(made, "mm-one-variant")) == (2, "fails")


def test_without_a_sign_the_usual_one_is_taken():
    """A machine network shows no name."""
    scene = Scene()
    scene.poll(EDGE, "10.7.0.21")
    made = scene.judged()
    assert made.variants == (("machinemetrics", "standard"),)
    assert any("the usual one is taken" in note for note in made.notes)


def test_rows_of_other_topologies_do_not_hold():
    """Which machines rule holds depends on what the site file says of the network."""
    scene = Scene()
    scene.edge()
    assert {rule.rule for rule in scene.judged().rules} >= {"mm-machines-edge-only"}
    assert "mm-machines-isolated" not in {rule.rule for rule in scene.judged().rules}
