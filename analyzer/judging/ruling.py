"""What is ruled on a kind of flow, and by which rules of a pack."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace

from analyzer.findings import Evidence, Severity, Strength, Verdict, strongest
from analyzer.judging.place import Actor
from analyzer.rulepack import Rule, RulePack

ORDER = tuple(Severity)


@dataclass(frozen=True)
class Ruling:
    """What becomes of a kind of flow; severity and strength count where a code says what was seen.

    allowed  the rules that allow it, the narrowest first        broken   the rule that it breaks, None without one
    actor    the host in scope that answers for it               whom     whom it reached, in words
    code     what was seen, empty where nothing was              why      why it is no plain expected
    exempt   of an intercepted flow: the rules that forbid it    before   and its verdict but for that
    """

    verdict: Verdict
    pack: str = ""
    allowed: tuple[Rule, ...] = ()
    broken: Rule | None = None
    actor: Actor | None = None
    whom: str = ""
    code: str = ""
    severity: Severity = Severity.INFO
    strength: Strength = Strength.STRONG
    why: str = ""
    exempt: tuple[Rule, ...] = ()
    before: Verdict | None = None

    @property
    def plain(self) -> Verdict:
        """The verdict on where the flow went and whether it worked, whoever opened its TLS."""
        return self.before or self.verdict

    @functools.cached_property
    def key(self) -> tuple[object, ...]:
        """What tells one ruling from another."""
        return (
            self.verdict, self.pack, tuple(rule.id for rule in self.allowed), self.broken and self.broken.id,
            self.actor and self.actor.name, self.whom, self.code, self.severity, self.strength, self.why,
            tuple(rule.id for rule in self.exempt), self.before,
        )  # fmt: skip

    @property
    def rule(self) -> Rule | None:
        """The rule that the verdict rests on."""
        return next(iter(self.exempt), None) or self.broken or next(iter(self.allowed), None)


class Evidenced:
    """Something that evidence shows: on which flows, how surely, and by whom."""

    evidence: tuple[Evidence, ...]

    @functools.cached_property
    def flows(self) -> tuple[int, ...]:
        """The flows, in order, each once."""
        return tuple(sorted({seen.flow for seen in self.evidence}))

    @functools.cached_property
    def strength(self) -> Strength:
        """The strength of the best of its evidence."""
        return strongest(seen.strength for seen in self.evidence)

    @property
    def by(self) -> str:
        """Who does it, as far as any of the evidence tells; empty where it does not."""
        return next((seen.by for seen in self.evidence if seen.by), "")


@dataclass(frozen=True)
class Block(Evidenced):
    """Something stops a host on its way to what a rule allows, again and again or in so many words.

    code, stage  of what names it, and how far the attempts came       whom       whom they were to reach, in words
    evidence     what shows it, with its flows, the earliest first     attempts   how often it was tried in all
    since        it worked later on                                    others     other hosts that are stopped as well
    rivals       what else it may be
    """

    pack: str
    rule: Rule
    actor: Actor
    code: str
    stage: str
    whom: str
    evidence: tuple[Evidence, ...]
    attempts: int
    since: bool
    others: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    def joined(self, other: Block) -> Block:
        """Both as one: the same host, stopped in the same way on its way to the same peer, at another address of it."""
        return replace(
            self,
            evidence=(*self.evidence, *other.evidence),
            attempts=self.attempts + other.attempts,
            since=self.since and other.since,
            others=tuple(sorted({*self.others, *other.others})),
            rivals=tuple(dict.fromkeys((*self.rivals, *other.rivals))),
        )

    @property
    def told(self) -> str:
        """Whom the host does not reach, and by what."""
        return f"{self.whom} ({self.code}{', by ' if self.by else ''}{self.by})"


@dataclass(frozen=True)
class Opening(Evidenced):
    """Somebody opens the TLS of a host, or may do so: what shows it, and on which flows.

    certain  proof or strong evidence; else it has other causes as well
    """

    pack: str
    code: str
    actor: str
    evidence: tuple[Evidence, ...]
    certain: bool


@dataclass(frozen=True)
class Book:
    """The rules of a pack that hold here: of the variant that is seen or stated, and of the topology."""

    pack: RulePack
    rules: tuple[Rule, ...]
    variants: tuple[str, ...]

    def of(self, kind: str) -> tuple[Rule, ...]:
        """The rules of one kind."""
        return self._by_kind.get(kind, ())

    @functools.cached_property
    def _by_kind(self) -> dict[str, tuple[Rule, ...]]:
        """The rules of each kind."""
        kinds = dict.fromkeys(rule.kind for rule in self.rules)
        return {kind: tuple(rule for rule in self.rules if rule.kind == kind) for kind in kinds}

    def unlisted(self) -> Rule | None:
        """The rule that a flow breaks which no other rule allows."""
        return next(iter(self.of("only-documented")), None)


def exempting(rulings: Iterable[Ruling]) -> list[Rule]:
    """The rules that forbid to open the TLS of flows with these rulings, each once."""
    return list({rule.id: rule for ruling in rulings for rule in ruling.exempt}.values())


OUT_OF_SCOPE = Ruling(Verdict.NOT_JUDGED)

WEIGHTS = (Verdict.NOT_JUDGED, Verdict.HOUSEKEEPING, Verdict.EXPECTED, Verdict.UNDETERMINED, Verdict.UNEXPECTED)
"""Verdicts of rulings on kinds of flows; that something stopped a flow is weighed later, flow by flow."""


def weight(ruling: Ruling) -> int:
    """How much a ruling outweighs another, by its verdict."""
    return WEIGHTS.index(ruling.verdict)
