"""Two pictures of a live capture become what changed between them: outcomes of rules, findings new and gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.findings import Outcome, RuleOutcome
from analyzer.watching.ledger import key_of
from analyzer.watching.picture import Picture, Seen

Key = tuple[int, str, str, str, str, str]


@dataclass(frozen=True)
class Turn:
    """A rule whose outcome is another one than before; None where there was none."""

    rule: RuleOutcome
    before: Outcome | None


def rules_of(picture: Picture | None) -> tuple[RuleOutcome, ...]:
    """The rules that were judged, none before the first judging."""
    return picture.result.conclusions.rules if picture is not None and picture.result is not None else ()


def turns(before: Picture | None, now: Picture) -> list[Turn]:
    """The rules whose outcome changed, those that fail first; all that are not `not_observed` at the first judging."""
    known = {(rule.pack, rule.rule): rule.outcome for rule in rules_of(before)}
    made = []
    for rule in rules_of(now):
        was = known.get((rule.pack, rule.rule))
        if rule.outcome is not (was or Outcome.NOT_OBSERVED):
            made.append(Turn(rule, was))
    return sorted(made, key=lambda turn: turn.rule.outcome is not Outcome.FAILS)


def key(seen: Seen) -> Key:
    """What stays of a finding from picture to picture."""
    return seen.first_ns, *key_of(seen.finding)


def fresh(before: Picture | None, now: Picture) -> list[Seen]:
    """Findings that were not there before, oldest first."""
    return list(_without(now.findings, before.findings if before else ()))[::-1]


def gone(before: Picture | None, now: Picture) -> list[Seen]:
    """Findings that were there before and are no longer, oldest first."""
    return list(_without(before.findings, now.findings))[::-1] if before else []


def _without(some: Sequence[Seen], others: Sequence[Seen]) -> Iterator[Seen]:
    """Those of some, not gone, that are not among the others that are not gone."""
    left = Counter(key(seen) for seen in others if not seen.gone)
    for seen in some:
        if seen.gone:
            continue
        if left[key(seen)]:
            left[key(seen)] -= 1
        else:
            yield seen
