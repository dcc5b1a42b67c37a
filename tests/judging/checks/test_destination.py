"""A destination that the document names."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, EDGE, PUBLIC, Scene, answer, findings, outcome

RULE = "mm-std-api"


@pytest.fixture
def scene():
    """An Edge that has shown itself."""
    made = Scene()
    made.edge()
    return made


def test_it_holds_where_a_flow_worked(scene):
    """With the address, the number of flows and their octets."""
    scene.tls(EDGE, PUBLIC, API, orig_octets=300, resp_octets=700)
    found = answer(scene.judged(), RULE)
    assert (str(found.outcome), found.flows, found.octets) == ("holds", 1, 1000)
    assert found.because == f"1 flow to {PUBLIC}, 1000 octets"


def test_it_holds_beside_flows_that_did_not_work(scene):
    """One that failed does not undo one that worked, but it is told."""
    scene.tls(EDGE, PUBLIC, API)
    scene.named(EDGE, PUBLIC, API, 443, unanswered=True)
    found = answer(scene.judged(), RULE)
    assert str(found.outcome) == "holds"
    assert found.because.endswith("; 1 more did not work (its SYN was not answered)")


def test_what_only_failed_is_not_observed(scene):
    """Why a flow did not work is another question; no rule is broken by it."""
    scene.named(EDGE, PUBLIC, API, 443, unanswered=True)
    found = answer(scene.judged(), RULE)
    assert (str(found.outcome), found.flows) == ("not_observed", 1)
    assert found.because == "1 flow tried, none worked: its SYN was not answered"


def test_it_fails_with_another_protocol(scene):
    """SSH at the name's port breaks the row whatever else worked."""
    scene.tls(EDGE, PUBLIC, API)
    row = scene.flow(EDGE, PUBLIC, 443, service="ssh", server_name=API, server_name_basis="dns")
    made = scene.judged()
    (found,) = findings(made, "payload-mismatch")
    assert (outcome(made, RULE), found.rule, found.flows) == ("fails", RULE, (row,))
    assert answer(made, RULE).because == "1 flow: api.machinemetrics.com port 443 (ssh on port 443)"


def test_what_was_not_seen_is_not_observed(scene):
    """Whose flows were looked at is told."""
    assert answer(scene.judged(), RULE).because == f"no such flow in the 1 flow of {EDGE}"


def test_a_pack_whose_hosts_are_not_there_observes_nothing():
    """The role that was looked for is told."""
    scene = Scene()
    scene.tls("10.7.0.99", PUBLIC, "news.example")
    made = scene.judged(Site(hosts=(SiteHost("b", "browser", ("10.7.0.50",)),)))
    assert answer(made, "mm-std-ecr").because == "no such flow in the capture: no host in the role edge was seen"


def test_another_hosts_flow_does_not_answer_it(scene):
    """What a neighbour reaches says nothing of the Edge's way out."""
    scene.tls("10.7.0.99", PUBLIC, API)
    assert outcome(scene.judged(), RULE) == "not_observed"


def test_a_rule_that_is_a_reading_says_so(scene):
    """In the same breath as the outcome."""
    scene.flow(EDGE, "8.8.8.8", 53, service="dns")
    found = answer(scene.judged(), "mm-dns-google-tcp")
    assert str(found.outcome) == "holds"
    assert "(reading: a truncated answer is asked again over TCP" in found.because
