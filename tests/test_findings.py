"""Conclusions are plain data, frozen, with one question they answer themselves."""

import dataclasses

import pytest

from analyzer import findings
from analyzer.findings import Outcome, Severity, Strength
from tests.builders.plant import conclusions, rule


def test_conclusions_fail_where_one_rule_fails():
    """One rule that fails is enough, and one that was not observed is none."""
    rules = tuple(rule(which.value, which) for which in Outcome)
    assert conclusions(rules=rules).fails
    assert not conclusions(rules=tuple(seen for seen in rules if seen.outcome is not Outcome.FAILS)).fails
    assert not conclusions(rules=()).fails


def test_what_was_concluded_does_not_change():
    """Every class of conclusions is frozen."""
    classes = [kind for kind in vars(findings).values() if dataclasses.is_dataclass(kind)]
    assert classes
    for kind in classes:
        assert kind.__dataclass_params__.frozen, kind


@pytest.mark.parametrize(("scale", "worst"), [(Severity, "critical"), (Strength, "proof")])
def test_scales_begin_with_the_gravest(scale, worst):
    """Members are in order, the gravest first, so that sorting by position is sorting by weight."""
    assert next(iter(scale)).value == worst
