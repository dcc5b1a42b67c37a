"""A ruling for every flow: kinds of flows are ruled on once, and each flow gets its kind's."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analyzer.findings import Evidence, FlowVerdicts, Verdict
from analyzer.judging.index import Index
from analyzer.judging.leases import leased_flows
from analyzer.judging.links import housekeeping
from analyzer.judging.place import Cast
from analyzer.judging.ruling import OUT_OF_SCOPE, Block, Book, Opening, Ruling
from analyzer.judging.rulings import Judge
from analyzer.judging.traffic import Groups, Mask, Traffic, Trouble

HOUSEKEEPING = Ruling(Verdict.HOUSEKEEPING)


@dataclass(frozen=True)
class Docket:
    """All rulings, and per flow which of them is its own; `kinds` are those of the flows of hosts in scope.

    evidence  per flow what was seen where it did not work       blocks  what stops whom
    told      per flow that stays undetermined in spite of evidence, why
    end_to_end  per flow what is known of its TLS, empty without; openings: who opens it, or may; unvouched: issuers
                for whom nobody vouches, where nothing speaks against them
    """

    rulings: tuple[Ruling, ...]
    which: npt.NDArray[np.int64]
    groups: Groups
    traffic: Traffic
    evidence: Mapping[int, tuple[Evidence, ...]] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    told: Mapping[int, str] = field(default_factory=dict)
    end_to_end: npt.NDArray[np.object_] | None = None
    openings: tuple[Opening, ...] = ()
    unvouched: Mapping[int, str] = field(default_factory=dict)

    def flows(self, chosen: Sequence[int]) -> npt.NDArray[np.int64]:
        """The flows, in order, that have one of these rulings."""
        return self.ruled.among(chosen)

    @functools.cached_property
    def ruled(self) -> Index:
        """The flows of each ruling."""
        return Index(self.which)

    def table(self) -> FlowVerdicts:
        """The rulings as columns, one entry per flow."""
        made = self.rulings
        codes = _objects([(ruling.code,) if ruling.code else () for ruling in made])[self.which]
        for flow, found in self.evidence.items():
            ruling = made[self.which[flow]]
            opened = any(seen.leaning is Verdict.INTERCEPTED for seen in found)
            if opened or ruling.verdict in {Verdict.BLOCKED, Verdict.UNDETERMINED}:
                codes[flow] = tuple(dict.fromkeys([*codes[flow], *(seen.code for seen in found)]))
        return FlowVerdicts(
            verdict=_objects([str(ruling.verdict) for ruling in made])[self.which],
            rule=_objects([ruling.rule.id if ruling.rule else "" for ruling in made])[self.which],
            pack=_objects([ruling.pack for ruling in made])[self.which],
            strength=_objects([str(ruling.strength) if ruling.code else "" for ruling in made])[self.which],
            codes=codes,
            end_to_end=np.full(len(self.which), "", dtype=object) if self.end_to_end is None else self.end_to_end,
        )


def _objects(cells: Sequence[object]) -> npt.NDArray[np.object_]:
    """Cells as a column of objects, tuples included."""
    column = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):
        column[row] = cell
    return column


def decide(traffic: Traffic, cast: Cast, books: Sequence[Book], keep: Mask) -> Docket:
    """The rulings for all flows; those outside `keep` are not judged."""
    rulings: list[Ruling] = [OUT_OF_SCOPE, HOUSEKEEPING]
    which = np.zeros(traffic.count, np.int64)
    quiet = housekeeping(traffic)
    which[quiet] = 1
    scope = np.array([cast.at(str(address)) is not None for address in traffic.addresses], np.bool_)
    keep = keep & traffic.once
    judged = keep & ~quiet & (scope[traffic.orig] | scope[traffic.resp]) if len(scope) else keep & ~quiet
    groups = traffic.groups(judged)
    judge = Judge(cast, books)
    numbers: dict[object, int] = {}
    kinds = [number_of(judge.rule(kind), numbers, rulings) for kind in groups.kinds]
    which[groups.rows] = np.array(kinds, np.int64)[groups.kind] if kinds else 0
    _prove_by_consequence(traffic, rulings, which, numbers)
    for flow, ruling in leased_flows(traffic.seen, cast, books):
        which[flow] = number_of(ruling, numbers, rulings)
    which[~keep] = 0
    return Docket(tuple(rulings), which, groups, traffic)


def numbered(docket: Docket) -> dict[object, int]:
    """The numbers of a docket's rulings by what tells them apart."""
    return {ruling.key: number for number, ruling in enumerate(docket.rulings)}


def number_of(ruling: Ruling, numbers: dict[object, int], rulings: list[Ruling]) -> int:
    """The number of a ruling, a new one where it was not given before."""
    number = numbers.setdefault(ruling.key, len(rulings))
    if number == len(rulings):
        rulings.append(ruling)
    return number


def _prove_by_consequence(
    traffic: Traffic,
    rulings: list[Ruling],
    which: npt.NDArray[np.int64],
    numbers: dict[object, int],
) -> None:
    """A lookup whose answer the capture lacks did work where its client then named the host that it had asked for."""
    unseen = traffic.trouble == list(Trouble).index(Trouble.UNSEEN)
    waiting = {
        flow: rulings[which[flow]]
        for flow in np.flatnonzero(unseen).tolist()
        if rulings[which[flow]].verdict is Verdict.UNDETERMINED and rulings[which[flow]].allowed
    }
    if not waiting:
        return
    flows, dns = traffic.seen.flows, traffic.seen.dns
    reached = {
        (traffic.orig[flow], traffic.names[traffic.name[flow]]): int(flows.end_ns[flow])
        for flow in np.flatnonzero(flows.server_name_basis != "").tolist()
    }
    for row in range(len(dns.flow)):
        flow = int(dns.flow[row])
        if flow in waiting and reached.get((traffic.orig[flow], dns.query[row]), 0) >= dns.ts_ns[row]:
            works = replace(waiting[flow], verdict=Verdict.EXPECTED, why="its client then reached the name")
            which[flow] = number_of(works, numbers, rulings)
