"""A verdict for every flow."""

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, EDGE, PC, PUBLIC, Scene, verdict


def test_every_flow_has_a_verdict():
    """Housekeeping, out of scope, expected: one word each, and a rule where one was asked."""
    scene = Scene()
    rows = [scene.edge(), scene.flow(PC, EDGE, 0, proto=1), scene.tls(PC, PUBLIC, "news.example")]
    made = scene.judged()
    assert [verdict(made, row) for row in rows] == ["expected", "housekeeping", "not_judged"]
    assert made.flows.rule.tolist() == ["mm-std-adapter-store", "", ""]
    assert made.flows.pack.tolist() == ["machinemetrics", "", ""]
    assert made.flows.end_to_end.tolist() == ["no_sign", "", "no_sign"]
    assert made.flows.strength.tolist() == ["", "", ""]


def test_a_lookup_without_its_answer_worked_where_its_client_reached_the_name():
    """A span of one direction lacks the answers; who names a host afterwards was told its address."""
    scene = Scene(one_sided_flows=5)
    told = scene.lookup(EDGE, API, unanswered=True)
    asked = scene.lookup(EDGE, "other.example", unanswered=True)
    scene.tls(EDGE, PUBLIC, API, one_sided=True, resp_packets=0, resp_payload_octets=0)
    made = scene.judged(Site(hosts=(SiteHost("e", "edge", (EDGE,)),)))
    assert [verdict(made, row) for row in (told, asked)] == ["expected", "undetermined"]


def test_no_flows_make_no_verdicts():
    """An empty capture is no error."""
    made = Scene().judged()
    assert (made.flows.verdict.tolist(), made.findings, made.hosts) == ([], (), ())
