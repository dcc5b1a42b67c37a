"""A session that leaves the site with another hello."""

from __future__ import annotations

from analyzer import judging
from analyzer.comparing import lay
from analyzer.findings import Strength, Verdict
from analyzer.judging.ladder import hello_differs
from analyzer.rulepack import shipped
from analyzer.sitefile import Site as Place
from tests.builders.site import STORE
from tests.builders.taps import Site

NAME = "api.machinemetrics.com"


def concluded(site):
    taps = lay(*site.seen())
    return judging.judge(taps.inside, shipped(), Place(), means=judging.Means(across=taps.from_inside()))


def test_other_hellos_are_proof():
    """A session that was said anew is intercepted by proof, and the finding names the frame of the other capture."""
    site = Site()
    site.passed(STORE, hello=1)
    site.opened(NAME, hello=2)
    site.opened(NAME, hello=3)
    found = concluded(site)
    assert found.flows.verdict.tolist() == ["expected", "intercepted", "intercepted"]
    assert found.flows.end_to_end.tolist() == ["proven", "broken", "broken"]
    finding = next(one for one in found.findings if one.code == hello_differs.CODE)
    assert (finding.strength, finding.verdict, finding.rule) == (Strength.PROOF, Verdict.INTERCEPTED, "mm-dpi-never")
    assert "at the other tap frame" in finding.evidence[1].detail


def test_one_session_alone_is_strong():
    """A single session that is known by its name may be another host's in spite of all: it is no proof."""
    site = Site()
    site.passed(STORE, hello=1)
    site.opened(NAME, hello=2)
    found = concluded(site)
    assert found.flows.end_to_end.tolist() == ["proven", "broken"]
    assert found.flows.strength.tolist() == ["", "strong"]


def test_a_relay_that_does_not_open_is_proven():
    """Equal hellos in two connections are end to end between the taps."""
    site = Site()
    site.passed(STORE, hello=1)
    site.relayed(NAME, hello=2)
    assert concluded(site).flows.end_to_end.tolist() == ["proven", "proven"]


def test_one_capture_alone_says_nothing():
    """Without another tap the same session shows no sign."""
    site = Site()
    site.passed(STORE, hello=1)
    site.opened(NAME, hello=2)
    found = judging.judge(site.seen()[0], shipped(), Place())
    assert found.flows.end_to_end.tolist() == ["no_sign", "no_sign"]
