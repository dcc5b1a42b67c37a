import io
from dataclasses import replace

import pytest

from analyzer.exporting import outcomes
from analyzer.exporting.page import Page
from analyzer.findings import Outcome
from tests.builders.plant import RULES, cite, conclusions, rule

UNSEEN = RULES[-1]
STEPS = conclusions().checklist


@pytest.fixture
def written(monkeypatch):
    """Gives what a function writes to a page of a width."""

    def write(function, *arguments, width=80):
        monkeypatch.setenv("COLUMNS", str(width))
        stream = io.StringIO()
        function(Page(stream), *arguments)
        return stream.getvalue()

    return write


def test_rules_stand_under_their_sections(written):
    """Document, then section, then rules; what was not observed is counted, and listed where all is asked for."""
    text = written(outcomes.rules, RULES, (), False)
    assert text.index("Required Outbound Ports") < text.index("mm-out-https") < text.index("Option 2")
    assert "    · 1 not observed\n" in text
    assert "  Standard Domains  · 12 not observed\n" in text
    assert "mm-domain-3" in written(outcomes.rules, RULES, (), True)


def test_a_rule_of_a_wide_page_has_its_reason_beside_it(written):
    """A rule that holds takes one line on a wide page, whatever its reason; one that fails tells all of it."""
    long = " ".join(["reason"] * 60)
    held, failed = (rule("mm-x", outcome, because=long) for outcome in (Outcome.HOLDS, Outcome.FAILS))
    assert written(outcomes.rules, (held,), (), False, width=160).count("\n") == 5
    assert written(outcomes.rules, (failed,), (), False, width=160).count("reason") == 60
    assert written(outcomes.rules, (held,), (), True, width=160).count("reason") == 60


def test_a_rule_of_a_narrow_page_tells_its_reason_where_it_fails(written):
    """On 80 columns a rule that holds has no reason below it, one that fails has."""
    assert "all as the document says" not in written(outcomes.rules, (rule("mm-x", Outcome.HOLDS),), (), False)
    assert "all as the document says" in written(outcomes.rules, (rule("mm-x", Outcome.FAILS),), (), False)


def test_rows_shown_elsewhere_are_left_out(written):
    """A rule whose row is a step of a checklist is left to the checklist; where none is left, so is the heading."""
    assert written(outcomes.rules, RULES[:1], {RULES[0].cite}, False) == ""
    assert "mm-out-https" in written(outcomes.rules, RULES[:1], {RULES[0].cite}, True)


def test_a_reason_that_recurs_is_told_once(written):
    """Reasons that differ in their figures are one, told with the figures of the rule of most flows."""
    other = replace(UNSEEN, rule="mm-other", because=UNSEEN.because.replace("12", "3"))
    text = written(outcomes.settling, (other, replace(UNSEEN, flows=9)), width=120)
    assert text.count("  ? ") == 1
    assert "certificates of 12 flows" in text
    assert "    for     mm-other, mm-dpi-exempt\n" in text
    assert "    tells   a second capture outside the firewall\n" in text
    assert "    run     dumpcap -i WAN-SIDE -s 0 -a duration:600 -w outside.pcapng\n" in text


def test_a_reason_without_more_is_told_as_it_is(written):
    """Where nothing is known that would tell, the reason and the rule stand alone."""
    text = written(outcomes.settling, (replace(UNSEEN, because="frames carry no radio figures"),))
    assert text.endswith("  ? frames carry no radio figures\n    for     mm-dpi-exempt\n")
    assert written(outcomes.settling, RULES[:3]) == ""


def test_checklists_count_their_outcomes(written):
    """The heading counts; steps stand by section, with their reason where they fail or all is asked for."""
    failed = replace(STEPS[0], outcome=Outcome.FAILS, item="Ports are open", cite=cite("Other list", 1))
    text = written(outcomes.checklist, (*STEPS, failed), False)
    assert "CHECKLISTS  1 holds · 1 fails · 1 not observable\n" in text
    assert "✓ holds           Firewall allows 443 out\n" in text
    assert "  Other list\n    ✗ fails  Ports are open  3 flows\n" in text
    assert "Firewall allows 443 out  3 flows" in written(outcomes.checklist, STEPS, True)
    assert written(outcomes.checklist, (), False) == ""
