"""One cloud for one Edge."""

from tests.builders.site import API, EDGE, OUTSIDE, PUBLIC, Scene, codes, outcome

RULE = "mm-one-variant"
GOV = "api.machinemetrics-us-gov.com"


def plant(*edges):
    """An Edge of each address given, one cloud after the other."""
    scene = Scene()
    for number, address in enumerate(edges):
        scene.edge(address)
        scene.tls(address, "18.252.129.108" if number else PUBLIC, GOV if number else API)
    return scene.judged()


def test_one_cloud_holds():
    """Names of one table only."""
    assert (outcome(plant(EDGE), RULE), codes(plant(EDGE))) == ("holds", [])


def test_both_clouds_at_one_edge_are_a_finding():
    """With what told each, and in which frame."""
    made = plant(EDGE, EDGE)
    assert (outcome(made, RULE), codes(made)) == ("fails", ["two-variants"])
    assert GOV in made.findings[0].evidence[0].detail
    assert made.findings[0].flows


def test_behind_nat_two_edges_may_belong_to_two():
    """One address, several hosts."""
    assert "two-variants" not in codes(plant(OUTSIDE, OUTSIDE))


def test_without_a_telling_name_nothing_was_observed():
    """A machine network shows none."""
    scene = Scene()
    scene.poll(EDGE, "10.7.0.21")
    assert outcome(scene.judged(), RULE) == "not_observed"
