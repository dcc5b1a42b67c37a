"""What a link carried, and that its speed is not seen."""

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import EDGE, NEXUS, PUBLIC, Scene, answer, outcome

RULE = "sk-link-rate"
SITE = Site(hosts=(SiteHost("n", "nexus", (NEXUS,)),))


def test_the_speed_is_not_observable_and_the_peak_is_told():
    """The busiest second, both directions, and what was sent again."""
    scene = Scene()
    scene.tls(
        NEXUS, PUBLIC, "skalacontrol.com", orig_octets=500_000, resp_octets=750_000, orig_payload_octets=400_000,
        resp_payload_octets=600_000, resp_retransmitted=25_000,
    )  # fmt: skip
    made = scene.judged(SITE)
    assert outcome(made, RULE) == "not_observable"
    assert answer(made, RULE).because == (
        "no capture shows a link's speed; at most 10 Mbit/s passed within 1 s of 2 min,"
        " and 2.5% of the payload was sent again"
    )


def test_flows_of_one_second_are_added():
    """The link carries the flows of all hosts at once."""
    scene = Scene()
    for _ in range(2):
        scene.tls(NEXUS, PUBLIC, "skalacontrol.com", orig_octets=0, resp_octets=1_250_000)
    scene.rows["rates"][1]["start_ns"] = scene.rows["rates"][0]["start_ns"]
    assert "at most 20 Mbit/s" in answer(scene.judged(SITE), RULE).because


def test_nothing_carried_is_not_observed():
    """An empty capture has no peak."""
    made = Scene().judged(SITE)
    assert (outcome(made, RULE), answer(made, RULE).because) == ("not_observed", "nothing was carried")


def test_congestion_is_answered_alike():
    """The other document's step asks for loss under load only."""
    scene = Scene()
    scene.edge(EDGE)
    made = scene.judged()
    assert outcome(made, "mm-ts-intermittent-1") == "not_observable"
    assert "0.0% of the payload was sent again" in answer(made, "mm-ts-intermittent-1").because


def test_more_than_the_rate_carries_is_told():
    """A second with more octets than 1 GbE carries is said to be so, since the tap may have seen several links."""
    scene = Scene()
    scene.tls(NEXUS, PUBLIC, "skalacontrol.com", orig_octets=0, resp_octets=150_000_000)
    told = answer(scene.judged(SITE), RULE).because
    assert "at most 1200 Mbit/s" in told
    assert told.endswith("; that is more than 1000 Mbit/s carry, where it was one link")
