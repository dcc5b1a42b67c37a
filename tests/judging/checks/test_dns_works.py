"""Name resolution that works, and the documented resolver that does not."""

import pytest

from tests.builders.site import API, EDGE, GOOGLE, PUBLIC, RESOLVER, Scene, answer, findings, outcome

RULE = "mm-dns-fallback"
CODE = "dns-no-answer"


@pytest.fixture
def scene():
    """An Edge that has shown itself."""
    made = Scene()
    made.edge()
    return made


def test_it_holds_with_an_answer(scene):
    """Whoever of the Edge's resolvers gave it."""
    scene.lookup(EDGE, API, PUBLIC)
    found = answer(scene.judged(), RULE)
    assert (str(found.outcome), found.because) == ("holds", f"1 flow answered by {GOOGLE}")


def test_a_name_that_does_not_exist_is_an_answer(scene):
    """NXDOMAIN is resolution that works."""
    scene.lookup(EDGE, "nowhere.example", rcode="NXDOMAIN")
    assert outcome(scene.judged(), RULE) == "holds"


def test_nobody_asked(scene):
    """Not seen is not violated."""
    assert answer(scene.judged(), RULE).because == "no question of such a host is in the capture"


def test_nobody_answered(scene):
    """Silence that comes again is a resolver that is cut off."""
    rows = [scene.lookup(EDGE, API, unanswered=True) for _ in range(3)]
    made = scene.judged()
    assert outcome(made, RULE) == "fails"
    (found,) = findings(made, CODE)
    assert (found.flows, found.rule, str(found.severity)) == (tuple(rows), "mm-dns-google-primary", "medium")
    assert answer(made, RULE).because == f"3 flows stopped, none got through: {GOOGLE} port 53 ({CODE})"


def test_one_query_without_an_answer_is_no_sign(scene):
    """A datagram may be lost."""
    scene.lookup(EDGE, API, unanswered=True)
    made = scene.judged()
    assert (outcome(made, RULE), findings(made, CODE)) == ("not_observed", [])
    assert answer(made, RULE).because.startswith(f"1 flow asked, none answered: {GOOGLE} was asked 1 time for {API}")


def test_google_was_silent_and_the_fallback_answered(scene):
    """That is the finding, and the fallback is expected."""
    silent = [scene.lookup(EDGE, API, unanswered=True) for _ in range(2)]
    fallback = scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    made = scene.judged()
    (found,) = findings(made, CODE)
    assert (found.flows, found.rule, str(found.severity)) == (tuple(silent), "mm-dns-google-primary", "low")
    assert (str(found.strength), str(found.verdict)) == ("suggestive", "blocked")
    assert found.title == f"{EDGE} got no answer from {GOOGLE} port 53"
    assert (outcome(made, RULE), str(made.flows.verdict[fallback])) == ("holds", "expected")


def test_one_flow_with_several_queries_is_several(scene):
    """A resolver library asks again from the same port."""
    scene.lookup(EDGE, API, unanswered=True)
    scene.rows["dns"][-1]["queries"] = 3
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    assert len(findings(scene.judged(), CODE)) == 1


def test_a_resolver_that_answered_in_between_is_not_silent(scene):
    """Loss is not a block."""
    for _ in range(3):
        scene.lookup(EDGE, API, unanswered=True)
    scene.lookup(EDGE, API, PUBLIC)
    scene.lookup(EDGE, API, PUBLIC, resolver=RESOLVER)
    assert findings(scene.judged(), CODE) == []


def test_in_a_one_sided_capture_nobody_is_silent(scene):
    """Where answers are not captured, their lack says nothing."""
    for _ in range(3):
        scene.lookup(EDGE, API, unanswered=True)
        scene.tls(EDGE, PUBLIC, API, one_sided=True, resp_packets=0, resp_payload_octets=0)
    assert findings(scene.judged(), CODE) == []
