"""The documents' own planning example."""

from dataclasses import replace

from analyzer.rulepack import shipped
from tests.builders.site import Scene, because, outcome

PACK = next(pack for pack in shipped() if pack.name == "machinemetrics")


def test_fifty_machines_need_what_the_document_says():
    """50 times 1 and 5 kbps up, 50 times 250 bps and 2 kbps down."""
    made = Scene().judged(profiles=["machinemetrics"])
    assert (outcome(made, "mm-plan-up"), outcome(made, "mm-plan-down")) == ("holds", "holds")
    assert because(made, "mm-plan-down") == "50 machines at the document's budgets need 12.5 to 100 kbps"


def test_an_example_that_does_not_follow_fails():
    """A pack whose figures contradict each other says so."""
    rules = [
        replace(rule, options={**rule.options, "machines": 40}) if rule.id == "mm-plan-up" else rule
        for rule in PACK.rules
    ]
    made = Scene().judged(packs=[replace(PACK, rules=tuple(rules))], profiles=["machinemetrics"])
    assert (outcome(made, "mm-plan-up"), because(made, "mm-plan-up")) == (
        "fails",
        "40 machines at the document's budgets need 40 to 200 kbps; the example says 50 to 250",
    )
