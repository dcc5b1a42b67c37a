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
    assert "; 1 more did not work (1 SYN to " in found.because
    assert found.because.endswith("; 1 other attempt worked)")


def test_what_only_failed_is_not_observed(scene):
    """One attempt breaks no rule; the capture that would tell more is named as a command."""
    scene.named(EDGE, PUBLIC, API, 443, unanswered=True)
    found = answer(scene.judged(), RULE)
    assert (str(found.outcome), found.flows) == ("not_observed", 1)
    assert found.because.startswith("1 flow tried, none worked: 1 SYN to ")
    assert "; one attempt is no pattern; what would tell: " in found.because
    assert f'-f "((host {PUBLIC}) and (port 443)) or icmp or icmp6" -w far-side.pcapng' in found.because


def test_what_is_stopped_again_and_again_fails(scene):
    """The way, the code and the flows are told."""
    for _ in range(2):
        scene.lookup(EDGE, API, PUBLIC)
        scene.silent(EDGE, PUBLIC, server_name=API, server_name_basis="dns")
    made = scene.judged()
    found = answer(made, RULE)
    assert (str(found.outcome), found.flows) == ("fails", 2)
    assert found.because == f"2 flows stopped: {API} port 443 (syn-unanswered)"
    (told,) = findings(made, "syn-unanswered")
    assert (told.rule, str(told.severity), str(told.verdict)) == (RULE, "high", "blocked")


def test_what_worked_again_afterwards_holds(scene):
    """A block that was lifted is told, and fails nothing any more."""
    for _ in range(4):
        scene.silent(EDGE, PUBLIC, server_name=API, server_name_basis="dns")
    scene.lookup(EDGE, API, PUBLIC)
    scene.tls(EDGE, PUBLIC, API)
    made = scene.judged()
    assert str(answer(made, RULE).outcome) == "holds"
    assert [str(found.severity) for found in findings(made, "syn-unanswered")] == ["low"]


def test_a_name_that_another_of_its_addresses_serves_holds(scene):
    """One address of several is told as what it is."""
    for _ in range(3):
        scene.silent(EDGE, PUBLIC, server_name=API, server_name_basis="dns")
    scene.tls(EDGE, "93.184.216.35", API)
    assert str(answer(scene.judged(), RULE).outcome) == "holds"


def test_one_of_several_ways_to_the_same_fails_nothing(scene):
    """One NATS address of four: its row does not hold, and what it serves works."""
    for _ in range(3):
        scene.silent(EDGE, "54.218.103.126", 7422)
    made = scene.judged()
    assert outcome(made, "mm-nats-std-1") == "fails"
    scene.tls(EDGE, "52.24.16.63", port=7422)
    made = scene.judged()
    assert (outcome(made, "mm-nats-std-1"), outcome(made, "mm-out-nats")) == ("not_observed", "holds")
    assert "works another way, through 52.24.16.63" in answer(made, "mm-nats-std-1").because


def test_what_is_not_required_fails_nothing(scene):
    """A resolver of the site that is on and answers no question is another matter."""
    scene.flow(EDGE, "10.7.0.2", 22)
    for _ in range(3):
        scene.lookup(EDGE, API, resolver="10.7.0.2", unanswered=True)
    scene.lookup(EDGE, API, PUBLIC)
    made = scene.judged(Site(resolvers=("10.7.0.2",)))
    assert outcome(made, "mm-dns-override") == "not_observed"
    assert [str(found.severity) for found in findings(made, "dns-no-answer")] == ["low"]


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
