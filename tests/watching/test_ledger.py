"""Findings are new, stay, go and come back."""

from __future__ import annotations

from dataclasses import replace

from analyzer.watching import ledger
from analyzer.watching.ledger import Ledger
from tests.builders.plant import result

(ONE,) = result().conclusions.findings
OTHER = replace(ONE, title="another host")


def test_a_finding_is_new_once():
    """Its id, evidence and flows may be others: it is known by its code, rule and title."""
    held = Ledger()
    assert [seen.finding for seen in held.update([ONE], 1)] == [ONE]
    again = replace(ONE, id="F77", flows=(1, 2, 3))
    assert held.update([again], 2) == []
    (seen,) = held.newest()
    assert (seen.finding, seen.first_ns, seen.last_ns, seen.gone) == (again, 1, 2, False)


def test_a_rate_that_grows_is_no_news():
    """It is another one each time that it is measured; another host's is."""
    held = Ledger()
    rate = replace(ONE, title="edge-1 sends 12.5 kbps at IP length over 300 s against 6 kbps")
    held.update([rate], 1)
    assert held.update([replace(rate, title="edge-1 sends 13 kbps at IP length over 300 s against 6 kbps")], 2) == []
    assert len(held.update([rate, replace(rate, host="edge-2")], 3)) == 1


def test_what_goes_is_remembered_and_told_again_when_it_comes_back():
    """With the time at which it was seen first."""
    held = Ledger()
    held.update([ONE, OTHER], 1)
    assert held.update([OTHER], 2) == []
    assert {seen.finding.title: seen.gone for seen in held.newest()} == {ONE.title: True, OTHER.title: False}
    assert [(seen.first_ns, seen.gone) for seen in held.update([ONE, OTHER], 3)] == [(1, False)]


def test_the_newest_are_on_top_and_the_gone_are_forgotten_first(monkeypatch):
    """Bounded, whatever comes."""
    monkeypatch.setattr(ledger, "MOST", 2)
    held = Ledger()
    made = [replace(ONE, title=f"host {number}") for number in range(4)]
    for number, finding in enumerate(made):
        held.update([made[0], finding], number)
    assert [seen.finding.title for seen in held.newest()] == ["host 3", "host 0"]
