"""What is concluded: citations, evidence, verdicts, findings, outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt


class Basis(StrEnum):
    """On what a rule stands."""

    DOCUMENTED = "documented"
    READING = "reading"


class Severity(StrEnum):
    """How bad it is if a rule is broken, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Strength(StrEnum):
    """How much a piece of evidence carries."""

    PROOF = "proof"
    STRONG = "strong"
    SUGGESTIVE = "suggestive"


def strongest(strengths: Iterable[Strength]) -> Strength:
    """The one that carries most; ValueError where there is none."""
    return min(strengths, key=list(Strength).index)


class Verdict(StrEnum):
    """What becomes of a flow."""

    EXPECTED = "expected"
    UNEXPECTED = "unexpected"
    BLOCKED = "blocked"
    INTERCEPTED = "intercepted"
    UNDETERMINED = "undetermined"
    HOUSEKEEPING = "housekeeping"
    NOT_JUDGED = "not_judged"


class Outcome(StrEnum):
    """What becomes of a rule. Not seen is not failed, and not seen is not held."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_OBSERVED = "not_observed"
    NOT_OBSERVABLE = "not_observable"


@dataclass(frozen=True)
class Cite:
    """A place in a vendor's document; `row` counts a table's rows from 1, 0 for prose."""

    document: str
    section: str
    row: int
    quote: str


@dataclass(frozen=True)
class Evidence:
    """One reading of facts: what was seen, in which frames (Wireshark's numbers), towards which verdict it leans.

    target  what was tried, in words that are the same each time: evidence of several attempts at it adds up
    about   the name that was asked for, where it is a name that was stopped
    by      who did it, as far as the capture tells
    alone   it carries its verdict by itself; other evidence has to come again
    """

    code: str
    leaning: Verdict
    strength: Strength
    flow: int
    frames: tuple[int, ...]
    detail: str
    target: str = ""
    about: str = ""
    by: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that the user has to look at, with the row it breaks, its look-alikes and its remedy."""

    id: str
    code: str
    verdict: Verdict
    severity: Severity
    strength: Strength
    title: str
    rule: str
    pack: str
    basis: Basis
    cite: Cite
    flows: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    rivals: tuple[str, ...]
    remedy: str
    filter: str
    host: str = ""


@dataclass(frozen=True)
class RuleOutcome:
    """What became of one rule: its outcome, over how many flows and octets, and why."""

    rule: str
    pack: str
    basis: Basis
    outcome: Outcome
    cite: Cite
    title: str
    flows: int
    octets: int
    because: str
    purpose: str = ""


@dataclass(frozen=True)
class ChecklistItem:
    """One step of a document's checklist or troubleshooting list, or a recommendation, answered by so many flows."""

    item: str
    pack: str
    outcome: Outcome
    cite: Cite
    because: str
    flows: int = 0


@dataclass(frozen=True)
class Host:
    """One host of the site: its addresses, its role in a pack, and how that is known."""

    host: str
    addresses: tuple[str, ...]
    macs: tuple[str, ...]
    role: str
    pack: str
    basis: str
    why: str
    judged: bool = True


@dataclass(frozen=True)
class Rate:
    """A rate at IP length in bit/s: mean over the time seen, percentiles and peak over windows of `window_s`."""

    mean_bps: float
    p50_bps: float
    p95_bps: float
    p99_bps: float
    peak_bps: float
    window_s: float


@dataclass(frozen=True)
class Budget:
    """One host's rate against what the document grants it; `estimate` is a share that the capture does not show.

    high_bps  what it would be granted if every machine of unknown class were of the class that may send most, or every
              view were open; else the budget itself
    """

    host: str
    role: str
    machine_class: str
    protocol: str
    budget_bps: float
    high_bps: float
    tolerance: float
    rate: Rate
    outcome: Outcome
    machines: tuple[tuple[str, int], ...] = ()
    estimate: Rate | None = None


@dataclass(frozen=True)
class Grant:
    """What a document grants: so many bit/s at IP length, to the cloud (up) or from it (down).

    machine_class  for each machine of this class, empty for any     per  for each machine or workcenter view shown
    window_s       over which it is a mean                           purposes  what it counts
    """

    pack: str
    rule: str
    direction: str
    machine_class: str
    per: str
    bps: float
    window_s: float
    purposes: tuple[str, ...]


@dataclass(frozen=True)
class Purpose:
    """What traffic served, by rule, over all judged flows."""

    purpose: str
    octets_up: int
    octets_down: int
    flows: int


@dataclass(frozen=True)
class FlowVerdicts:
    """One entry per row of Flows: object columns of str, and of tuples of str for the codes."""

    verdict: npt.NDArray[np.object_]
    rule: npt.NDArray[np.object_]
    pack: npt.NDArray[np.object_]
    strength: npt.NDArray[np.object_]
    codes: npt.NDArray[np.object_]
    end_to_end: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Conclusions:
    """All that `judge` concludes from facts, packs and a site file."""

    packs: tuple[str, ...]
    variants: tuple[tuple[str, str], ...]
    flows: FlowVerdicts
    hosts: tuple[Host, ...]
    rules: tuple[RuleOutcome, ...]
    findings: tuple[Finding, ...]
    checklist: tuple[ChecklistItem, ...]
    budgets: tuple[Budget, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    grants: tuple[Grant, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def fails(self) -> bool:
        """Whether any requirement fails."""
        return any(rule.outcome is Outcome.FAILS for rule in self.rules)
