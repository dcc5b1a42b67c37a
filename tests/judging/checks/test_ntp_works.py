"""The time."""

from tests.builders.site import EDGE, PUBLIC, Scene, because, outcome

RULE = "mm-out-ntp"


def asked(**given):
    """An Edge that asks a server of the pool."""
    scene = Scene()
    scene.edge()
    scene.clock(EDGE, PUBLIC, server_name="0.resinio.pool.ntp.org", server_name_basis="dns", **given)
    return scene


def test_a_synchronised_answer_holds():
    """Stratum 1 to 15."""
    assert outcome(asked().judged(), RULE) == "holds"


def test_a_kiss_of_death_is_no_time():
    """Stratum 0 says why the server does not serve."""
    scene = asked(stratum=0)
    scene.rows["ntp"][-1]["ref_id"] = "RATE"
    made = scene.judged()
    assert (outcome(made, RULE), "no time: RATE" in because(made, RULE)) == ("not_observed", True)


def test_no_answer_is_not_observed():
    """Nor is a question that was never asked."""
    scene = Scene()
    scene.edge()
    assert "no NTP of such a host" in because(scene.judged(), RULE)
    scene.clock(EDGE, PUBLIC, unanswered=True)
    scene.rows["ntp"] = scene.rows["ntp"][:1]
    assert "1 flow asked, none answered" in because(scene.judged(), RULE)
