"""SYN-ACKs that do not arrive."""

from analyzer.judging.detectors import synack_unheard
from tests.builders.blocked import evidence
from tests.builders.site import EDGE, PUBLIC, Scene

LOST = {"orig_syns": 4, "orig_packets": 4, "resp_synacks": 5, "orig_payload_octets": 0, "resp_payload_octets": 0}


def test_answers_that_pass_the_capture_and_are_not_heard():
    """The client sends its SYN again although it was answered."""
    scene = Scene()
    row = scene.flow(EDGE, PUBLIC, 443, **LOST)
    (found,) = evidence(synack_unheard, scene)
    assert (found.flow, str(found.leaning), str(found.strength)) == (row, "blocked", "suggestive")
    assert found.detail == f"4 SYNs to {PUBLIC} port 443/tcp were answered 5 times, and the client did not hear it"


def test_a_scanner_that_does_not_ask_again():
    """A half-open scan sends one SYN and lets the server repeat its answer."""
    scene = Scene()
    scene.flow(EDGE, PUBLIC, 443, **{**LOST, "orig_syns": 1, "orig_packets": 1})
    assert evidence(synack_unheard, scene) == []


def test_the_healthy_twin():
    """A SYN-ACK that was lost once and then taken."""
    scene = Scene()
    scene.flow(EDGE, PUBLIC, 443, orig_syns=2, resp_synacks=2)
    assert evidence(synack_unheard, scene) == []
