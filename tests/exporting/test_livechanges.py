"""What changed between two pictures."""

from __future__ import annotations

from analyzer.exporting import livechanges
from analyzer.findings import Outcome
from tests.builders import live


def test_only_rules_with_another_outcome_turn():
    """Those that fail come first, each with what it was before."""
    before = live.picture(result=live.judged())
    now = live.picture(result=live.judged(mm_out_https=Outcome.NOT_OBSERVED, mm_out_ntp=Outcome.FAILS))
    turns = [(turn.rule.rule, turn.before, turn.rule.outcome) for turn in livechanges.turns(before, now)]
    assert turns == [
        ("mm-out-ntp", Outcome.NOT_OBSERVED, Outcome.FAILS),
        ("mm-out-https", Outcome.HOLDS, Outcome.NOT_OBSERVED),
    ]


def test_the_first_judging_turns_what_was_seen():
    """All rules but those of which nothing was seen."""
    for before in (None, live.empty()):
        turns = livechanges.turns(before, live.picture())
        assert {turn.rule.outcome for turn in turns} == set(Outcome) - {Outcome.NOT_OBSERVED}
        assert {turn.before for turn in turns} == {None}


def test_findings_come_and_go():
    """New are those that were not there; gone those that left or are marked so."""
    first, second = live.seen("a name", 1), live.seen("another", 2)
    before, now = live.picture(findings=(first,)), live.picture(findings=(second, live.seen("a name", 1, gone=True)))
    assert livechanges.fresh(None, before) == [first]
    assert livechanges.fresh(before, now) == [second]
    assert livechanges.gone(before, now) == [first]
    assert livechanges.gone(now, live.picture(findings=())) == [second]
    assert livechanges.gone(None, now) == []


def test_a_finding_that_came_back_is_new():
    """One that is there again after it was marked as gone."""
    back = live.seen("a name", 1)
    assert livechanges.fresh(live.picture(findings=(live.seen("a name", 1, gone=True),)), live.picture()) != []
    assert livechanges.fresh(live.picture(findings=(back,)), live.picture(findings=(back,))) == []


def test_figures_in_a_title_may_grow():
    """A rate that is told anew is the same finding; two findings that differ in figures only are two."""
    slow, fast = (live.seen(f"edge-1: {rate} kbps against a budget of 9 kbps") for rate in ("11.2", "14"))
    assert livechanges.fresh(live.picture(findings=(slow,)), live.picture(findings=(fast,))) == []
    assert livechanges.fresh(live.picture(findings=(slow,)), live.picture(findings=(fast, slow))) == [slow]
