"""All that a check looks at, and what it answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analyzer import rating
from analyzer.findings import Finding, Outcome, Verdict
from analyzer.judging.place import Actor, Cast
from analyzer.judging.ruling import Block, Book, Opening, Ruling
from analyzer.judging.signs import Signs
from analyzer.judging.verdicts import Docket
from analyzer.observations import Observations
from analyzer.rulepack import Rule

if TYPE_CHECKING:
    from analyzer.judging.loads import Load

Rows = npt.NDArray[np.int64]
NONE: Rows = np.zeros(0, np.int64)
DAY_S = 86_400.0  # a lease is renewed after half its time (RFC 2131 section 4.4.5), which is commonly a day or less


@dataclass(frozen=True)
class Answer:
    """What became of a rule, over which flows, why, and what the user has to look at.

    breached  it fails for what was sent or where to, not because the way was closed
    """

    outcome: Outcome
    because: str
    flows: Rows = field(default_factory=lambda: NONE)
    findings: tuple[Finding, ...] = ()
    breached: bool = False


@dataclass(frozen=True)
class Case:
    """One pack's case at one site. `answers` holds what was answered so far, by rule."""

    seen: Observations
    cast: Cast
    book: Book
    docket: Docket
    signs: Signs
    answers: Mapping[str, Answer]

    @cached_property
    def span(self) -> rating.Span:
        """The time that the captures take, in the bins of their rates."""
        return rating.span(self.seen)

    @property
    def duration_s(self) -> float:
        """Seconds from the first to the last frame of the captures."""
        times = [(capture.start_ns, capture.end_ns) for capture in self.seen.captures if capture.packets]
        return (max(end for _, end in times) - min(start for start, _ in times)) / 1e9 if times else 0.0

    def actors(self, rule: Rule) -> tuple[Actor, ...]:
        """The hosts of whom the rule speaks, addresses of several hosts among them."""
        return self.cast.playing(self.book.pack.name, rule.who)

    def singles(self, rule: Rule) -> tuple[Actor, ...]:
        """The hosts of whom the rule speaks, each by an address of its own."""
        return self.cast.alone(self.book.pack.name, rule.who)

    def sharing(self, rule: Rule) -> tuple[Actor, ...]:
        """The addresses of several hosts of whom the rule speaks."""
        return self.cast.sharing(self.book.pack.name, rule.who)

    @cached_property
    def rulings(self) -> list[tuple[int, Ruling]]:
        """The rulings of this pack, with their numbers."""
        return [(at, ruling) for at, ruling in enumerate(self.docket.rulings) if ruling.pack == self.book.pack.name]

    @cached_property
    def _ruled_by(self) -> dict[str, list[int]]:
        """By the name of each host, the rulings on flows for which it answers."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, ruling in self.rulings:
            if ruling.actor:
                found[ruling.actor.name].append(at)
        return found

    @cached_property
    def _allowed_by(self) -> dict[str, list[int]]:
        """By the id of each rule, the rulings that it allows."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, ruling in self.rulings:
            for rule in ruling.allowed:
                found[rule.id].append(at)
        return found

    @cached_property
    def _broken_by(self) -> dict[str, list[tuple[int, Ruling]]]:
        """By the id of each rule, the rulings that break it, with their numbers."""
        found: dict[str, list[tuple[int, Ruling]]] = defaultdict(list)
        for at, ruling in self.rulings:
            if ruling.broken:
                found[ruling.broken.id].append((at, ruling))
        return found

    @cached_property
    def _judged(self) -> npt.NDArray[np.bool_]:
        """Which flows are of hosts in scope."""
        mask = np.zeros(len(self.docket.which), np.bool_)
        mask[self.docket.groups.rows] = True
        return mask

    @cached_property
    def _allowed(self) -> dict[tuple[frozenset[str], tuple[Verdict, ...]], Rows]:
        """What `allowed` has answered."""
        return {}

    @cached_property
    def loads(self) -> dict[tuple[str, ...], list[Load]]:
        """The loads that were held against budgets so far, by the ids of these."""
        return {}

    def ruled(self, flows: Iterable[int]) -> list[Ruling]:
        """The ruling on each of these flows, in their order."""
        docket = self.docket
        return [docket.rulings[docket.which[flow]] for flow in flows]

    def allowed(self, rules: Iterable[str], *verdicts: Verdict) -> Rows:
        """The flows that one of these rules allows, with one of these verdicts, whoever opened their TLS."""
        wanted = frozenset(rules)
        if (wanted, verdicts) not in self._allowed:
            rulings = self.docket.rulings
            held = {at for rule in wanted for at in self._allowed_by.get(rule, ())}
            chosen = [at for at in held if rulings[at].plain in verdicts]
            self._allowed[wanted, verdicts] = self.docket.flows(chosen)
        return self._allowed[wanted, verdicts]

    def reasons(self, rules: Iterable[str]) -> list[str]:
        """Why flows that these rules allow did not work, each reason once."""
        docket = self.docket
        rows = self.allowed(rules, Verdict.UNDETERMINED).tolist()
        return list(dict.fromkeys(docket.told.get(row) or docket.rulings[docket.which[row]].why for row in rows))

    def blocks(self, rules: Iterable[str]) -> list[Block]:
        """What stops hosts on their way to what these rules allow."""
        wanted = set(rules)
        return [block for block in self.docket.blocks if block.rule.id in wanted and block.pack == self.book.pack.name]

    def openings(self) -> list[Opening]:
        """Who opens the TLS of hosts of this pack, or may do so."""
        return [opening for opening in self.docket.openings if opening.pack == self.book.pack.name]

    def breaches(self, rule: Rule) -> list[tuple[int, Ruling]]:
        """The rulings that break a rule; of a prohibition, also those filed under another rule of its kind."""
        if rule.kind == "destination":
            return self.filed(rule)
        alike = [held for held in self.book.pack.rules if held.kind == rule.kind]
        return sorted((pair for held in alike for pair in self.filed(held)), key=lambda pair: pair[0])

    def filed(self, rule: Rule) -> list[tuple[int, Ruling]]:
        """The rulings that break this very rule, with their numbers."""
        return self._broken_by.get(rule.id, [])

    def of(self, actors: Sequence[Actor]) -> Rows:
        """The flows for which one of these hosts answers."""
        return self.docket.flows(
            [at for name in {actor.name for actor in actors} for at in self._ruled_by.get(name, ())]
        )

    def touching(self, actors: Sequence[Actor]) -> Rows:
        """The flows of hosts in scope that one of these hosts takes part in, whoever answers for it."""
        rows = self.docket.traffic.rows_of(address for actor in actors for address in actor.addresses)
        found: Rows = rows[self._judged[rows]]
        return found

    def met(self, rows: Rows) -> tuple[Actor, ...]:
        """The hosts at the ends of flows, in the order in which hosts are known."""
        traffic = self.docket.traffic
        codes = np.unique(np.concatenate([traffic.orig[rows], traffic.resp[rows]]))
        places = {at for code in codes.tolist() for at in self._places.get(str(traffic.addresses[code]), ())}
        return tuple(self.cast.actors[at] for at in sorted(places))

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """By address the numbers of the hosts that have it."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, actor in enumerate(self.cast.actors):
            for address in actor.addresses:
                found[address].append(at)
        return found

    def selected(self, rule: Rule, option: str = "answered_by") -> tuple[Rule, ...]:
        """The rules that an option names, as far as they hold here."""
        references = rule.options.get(option) or ()
        held = {kept.id for kept in self.book.rules}
        return tuple(found for found in self.book.pack.select(references) if found.id in held)


def common(rows: Rows, others: Rows) -> Rows:
    """The flows that are on both lists, each of which has them in order and once; the shorter is looked up."""
    short, long = sorted((rows, others), key=len)
    at = np.searchsorted(long, short)
    at[at == len(long)] = 0
    found: Rows = short[long[at] == short] if len(long) else short
    return found


def united(parts: Iterable[Rows]) -> Rows:
    """The flows of all parts, each once, in order."""
    return np.unique(np.concatenate([NONE, *parts]))


def stopped(blocks: Iterable[Block]) -> Rows:
    """The flows of blocks, each once, in order."""
    return united(np.array(block.flows, np.int64) for block in blocks)


def frames(*numbers: int) -> tuple[int, ...]:
    """The frames of a piece of evidence, in order, each once; 0 stands for none."""
    return tuple(sorted({*numbers} - {0}))


def octets(case: Case, rows: Rows) -> int:
    """Octets at IP length of flows, both ways."""
    flows = case.seen.flows
    return int(flows.orig_octets[rows].sum() + flows.resp_octets[rows].sum())


def count(number: int, what: str) -> str:
    """A number of things in words, as `1 flow` or `3 flows`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def listed(names: Iterable[str], most: int = 3) -> str:
    """A few names in words, and how many more there are."""
    held = list(dict.fromkeys(names))
    more = f" and {len(held) - most} more" if len(held) > most else ""
    return ", ".join(held[:most]) + more


def lasting(seconds: float) -> str:
    """A length of time in words."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.1f} days"
