"""Evidence becomes verdicts: what came again, or says so by itself, and what the capture can carry.

About a fifth of all TCP connections on the internet end in a reset or a timeout (Sundara Raman et al., "Global,
Passive Detection of Connection Tampering", SIGCOMM 2023): one flow that failed is evidence, and makes no verdict.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging.case import count
from analyzer.judging.detectors import DETECTORS, Detector
from analyzer.judging.place import Actor, Cast
from analyzer.judging.ruling import Block, Book, Ruling
from analyzer.judging.targets import Successes
from analyzer.judging.traffic import TCP, Trouble
from analyzer.judging.vantage import PATIENCE_NS, Documented, Vantage
from analyzer.judging.verdicts import Docket, number_of, numbered
from analyzer.rulepack import Rule, matches_name
from analyzer.taps import Across, Passage

AGAIN = 2
"""Attempts that failed alike, without one that worked, that make a verdict."""

AGAIN_AND_AGAIN = 4
"""The same, in a row, where others at the same target worked."""

EARLY = f"the capture ends within {PATIENCE_NS // 1_000_000_000} s of the attempt"

BY_CODE = {detector.CODE: detector for detector in DETECTORS}
ORDER = {detector.CODE: place for place, detector in enumerate(DETECTORS)}


class Trial(NamedTuple):
    """A piece of evidence with the rule that allows what was tried, the host that tried it, and when."""

    seen: Evidence
    rule: Rule
    pack: str
    actor: Actor
    whom: str
    client: str
    at_ns: int
    withheld: str
    early: bool


class Run(NamedTuple):
    """Trials at one target without success between them, how many attempts they are, and how many frames."""

    trials: tuple[Trial, ...]
    attempts: int
    frames: int


BETWEEN_TAPS = ("two ways out of the site, of which this flow took the one that the other tap does not see",)
"""What else it may be that a flow did not come out: what one capture leaves open, two settle."""


def weigh(docket: Docket, cast: Cast, books: Sequence[Book], across: Across | None = None) -> Docket:
    """The docket with what stops flows, as far as evidence and capture, and the other tap's, carry it."""
    view = _view(docket, cast, books)
    found: dict[int, list[Evidence]] = defaultdict(list)
    for detector in DETECTORS if view.wanted.any() else ():
        for seen in detector.find(view):
            found[seen.flow].append(crossed(seen, across))
    if not found:
        return docket
    worked = view.wanted & (docket.traffic.trouble == list(Trouble).index(Trouble.NONE))
    worked[[flow for flow, held in found.items() if any(seen.leaning is Verdict.BLOCKED for seen in held)]] = False
    successes = Successes(view, worked)
    series: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in _trials(view, docket, cast, books, found):
        series[trial.client, trial.seen.target].append(trial)
    blocks: list[Block] = []
    told: dict[int, str] = {}
    clients = _failing(series, successes)
    for (client, target), trials in series.items():
        made, left = _weighed(view, trials, successes.times(client, target), clients.get(target, ()))
        blocks += [_told_by_taps(block, across) for block in made]
        for flow, why in left.items():
            told.setdefault(flow, why)
    return _decided(view, docket, found, blocks, told)


def crossed(seen: Evidence, across: Across | None) -> Evidence:
    """Evidence with what another tap tells of its flow: that it was stopped between the two, or beyond both."""
    passage = _passage(across, seen.flow) if across and seen.leaning is Verdict.BLOCKED else Passage.NONE
    if passage is Passage.INSIDE_ONLY:
        detail = f"{seen.detail}; nothing of it is in the capture of the other tap"
        by = seen.by or "something between the two taps"
        return replace(seen, strength=Strength.PROOF, alone=True, detail=detail, by=by)
    if passage is Passage.SAME:
        return replace(seen, detail=f"{seen.detail}; it passed the other tap as well, unanswered or refused there too")
    return seen


def _told_by_taps(block: Block, across: Across | None) -> Block:
    """A block with the look-alikes of two taps, where these show that none of its flows came out."""
    between = across and all(_passage(across, flow) is Passage.INSIDE_ONLY for flow in block.flows)
    return replace(block, rivals=BETWEEN_TAPS) if between else block


def _passage(across: Across, flow: int) -> Passage:
    """What became of a flow at the other tap."""
    crossing = across.flows.get(flow)
    return crossing.passage if crossing else Passage.NONE


def _view(docket: Docket, cast: Cast, books: Sequence[Book]) -> Vantage:
    """The capture as detectors see it: the flows that a rule allows, whether they worked or not."""
    allowed = np.array([bool(ruling.allowed) and ruling.actor is not None for ruling in docket.rulings], np.bool_)
    seen = docket.traffic.seen
    wanted = allowed[docket.which]
    rules = [rule for book in books for rule in book.rules]
    documented = [Documented(name, rule.to.at) for rule in rules if rule.to.at for name in rule.to.names]
    local = [name for rule in rules if rule.kind == "local-name" for name in rule.to.names]
    return Vantage(seen, wanted, documented, local, cast.lookups)


def _trials(
    view: Vantage, docket: Docket, cast: Cast, books: Sequence[Book], found: dict[int, list[Evidence]]
) -> Iterator[Trial]:
    """The evidence on what rules allow."""
    flows = view.seen.flows
    for flow, held in found.items():
        ruling = docket.rulings[docket.which[flow]]
        client = flows.orig_h[flow]
        for seen in held:
            actor = cast.at(client) or ruling.actor
            if actor is None:
                continue
            meant = _named(books, actor, seen.about) if seen.about else (ruling.allowed[0], ruling.pack)
            if meant is None:
                continue
            rule, pack = meant
            silent = BY_CODE[seen.code].SILENT
            held_back = silent and seen.strength is not Strength.PROOF
            withheld = view.deaf(flow) if held_back else ""
            whom = seen.about or ruling.whom
            start = int(flows.start_ns[flow])
            yield Trial(seen, rule, pack, actor, whom, client, start, withheld, held_back and view.early(flow))


def _named(books: Sequence[Book], actor: Actor, name: str) -> tuple[Rule, str] | None:
    """The narrowest rule that lets a host go to a name."""
    best: tuple[Rule, str] | None = None
    for book in books:
        roles = set(actor.roles(book.pack.name))
        for rule in book.of("destination"):
            patterns = [pattern for pattern in rule.to.names if matches_name(pattern, name)]
            if roles & set(rule.who) and patterns:
                if any(not pattern.startswith("*") for pattern in patterns):
                    return rule, book.pack.name
                best = best or (rule, book.pack.name)
    return best


def _failing(series: dict[tuple[str, str], list[Trial]], successes: Successes) -> dict[str, list[str]]:
    """Per target the clients that failed at it and never got through, in alphabetical order."""
    found: dict[str, set[str]] = defaultdict(set)
    for (client, target), trials in series.items():
        if any(_counts(trial) for trial in trials) and not successes.times(client, target):
            found[target].add(client)
    return {target: sorted(clients) for target, clients in found.items()}


def _counts(trial: Trial) -> bool:
    """Whether a trial counts towards a block."""
    return trial.seen.leaning is Verdict.BLOCKED and not trial.withheld and not trial.early


def _weighed(
    view: Vantage, trials: Sequence[Trial], worked: Sequence[int], failing: Sequence[str]
) -> tuple[list[Block], dict[int, str]]:
    """The blocks that trials at one target of one client make, and why the flows of the others stay undetermined.

    failing  all clients that fail at the target
    """
    others = [client for client in failing if client != trials[0].client]
    trials = sorted(trials, key=lambda trial: ORDER[trial.seen.code])
    left: dict[int, str] = {}
    for trial in trials:
        if not _counts(trial):
            left.setdefault(trial.seen.flow, _reserve(trial))
    runs = list(_runs(view, [trial for trial in trials if _counts(trial)], worked))
    kept: list[Run] = []
    for run in runs:
        why = _doubt(view, run, len(worked), others=bool(others))
        if why:
            for trial in run.trials:
                left.setdefault(trial.seen.flow, f"{trial.seen.detail}; {why}")
        else:
            kept.append(run)
    blocked = [trial for run in kept for trial in run.trials]
    if not blocked:
        return [], left
    blocked += _alike(trials, blocked, worked)
    by_rule: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in blocked:
        by_rule[trial.rule.id, trial.whom].append(trial)
    since = bool(worked) and worked[-1] > max(trial.at_ns for trial in blocked)
    return [_block(held, _tried(view, held), others, since=since) for held in by_rule.values()], left


def _reserve(trial: Trial) -> str:
    """Why a trial does not count."""
    if trial.seen.leaning is not Verdict.BLOCKED:
        return trial.seen.detail
    return f"{trial.seen.detail}; {trial.withheld or EARLY}"


def _alike(trials: Sequence[Trial], blocked: Sequence[Trial], worked: Sequence[int]) -> list[Trial]:
    """Attempts at the end of the capture that begin as those before them, which were stopped, and none worked since."""
    last = max(trial.at_ns for trial in blocked)
    if worked and worked[-1] > last:
        return []
    late = (trial for trial in trials if trial.early and not trial.withheld and trial.at_ns >= last)
    return [trial for trial in late if trial.seen.leaning is Verdict.BLOCKED]


def _doubt(view: Vantage, run: Run, worked: int, *, others: bool) -> str:
    """Why a run is no verdict, empty where it is one."""
    if any(trial.seen.alone and not (worked and BY_CODE[trial.seen.code].SILENT) for trial in run.trials):
        return ""
    silent = all(BY_CODE[trial.seen.code].SILENT for trial in run.trials)
    if silent and view.lost(run.frames):
        return f"the capture lost {view.loss:.1%} of its frames: answers may be among them"
    needed = AGAIN_AND_AGAIN if worked else AGAIN
    if run.attempts >= needed or (not worked and others):
        return ""
    return f"{count(worked, 'other attempt')} worked" if worked else "one attempt is no pattern"


def _runs(view: Vantage, trials: Sequence[Trial], worked: Sequence[int]) -> Iterator[Run]:
    """The trials in order, parted where an attempt worked between two."""
    parted: dict[int, list[Trial]] = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: (trial.at_ns, trial.seen.flow, ORDER[trial.seen.code])):
        parted[bisect.bisect_right(worked, trial.at_ns)].append(trial)
    for held in parted.values():
        flows = dict.fromkeys(trial.seen.flow for trial in held)
        yield Run(tuple(held), _tried(view, held), sum(int(view.seen.flows.orig_packets[flow]) for flow in flows))


def _tried(view: Vantage, trials: Iterable[Trial]) -> int:
    """How many attempts the flows of trials are."""
    by_flow: dict[int, list[Evidence]] = defaultdict(list)
    for trial in trials:
        by_flow[trial.seen.flow].append(trial.seen)
    return sum(_attempts(view, flow, seen) for flow, seen in by_flow.items())


def _attempts(view: Vantage, flow: int, seen: Iterable[Evidence]) -> int:
    """How many attempts a flow is: initial sequence numbers of TCP, names asked for in vain, requests sent again."""
    flows = view.seen.flows
    names = {found.about for found in seen if found.about}
    if names:
        return len(names)
    if flows.proto[flow] == TCP:
        return max(int(flows.attempts[flow]), 1)
    sent = view.seen.dns.queries[view.questions.rows(flow)]
    return max(int(sent.max()) if len(sent) else len(view.clock_messages.rows(flow)), 1)


def _block(trials: Sequence[Trial], attempts: int, others: Sequence[str], *, since: bool) -> Block:
    """The block that trials on one rule make."""
    ordered = sorted(trials, key=lambda trial: (ORDER[trial.seen.code], trial.at_ns))
    first = ordered[0]
    detector: Detector = BY_CODE[first.seen.code]
    evidence = tuple(trial.seen for trial in ordered)
    return Block(
        first.pack, first.rule, first.actor, detector.CODE, detector.STAGE, first.whom, evidence, attempts, since,
        tuple(others), detector.RIVALS,
    )  # fmt: skip


def _decided(
    view: Vantage, docket: Docket, found: dict[int, list[Evidence]], blocks: Sequence[Block], told: dict[int, str]
) -> Docket:
    """The docket with a ruling of its own for each flow that was stopped."""
    rulings, which, numbers = list(docket.rulings), docket.which.copy(), numbered(docket)
    blocked: dict[int, list[Block]] = defaultdict(list)
    asked: dict[int, set[str]] = defaultdict(set)
    for block in blocks:
        for flow in block.flows:
            blocked[flow].append(block)
        for seen in block.evidence:
            asked[seen.flow].add(seen.about)
    for flow, held in blocked.items():
        before = rulings[which[flow]]
        if asked[flow] - {""} and not _all_stopped(view, flow, asked[flow]):
            continue
        block = min(held, key=lambda block: ORDER[block.code])
        allowed = (block.rule, *(rule for rule in before.allowed if rule.id != block.rule.id))
        ruling = Ruling(
            Verdict.BLOCKED, block.pack, allowed, None, block.actor, block.whom, block.code, block.rule.severity,
            block.strength,
        )  # fmt: skip
        which[flow] = number_of(ruling, numbers, rulings)
    for flow in told:
        before = rulings[which[flow]]
        failed = any(seen.leaning is Verdict.BLOCKED and not seen.about for seen in found[flow])
        worked = docket.traffic.trouble[flow] == list(Trouble).index(Trouble.NONE)
        if flow not in blocked and failed and worked and before.verdict is Verdict.EXPECTED:
            which[flow] = number_of(replace(before, verdict=Verdict.UNDETERMINED), numbers, rulings)
    return replace(
        docket,
        rulings=tuple(rulings),
        which=which,
        evidence={flow: tuple(sorted(held, key=lambda seen: ORDER[seen.code])) for flow, held in found.items()},
        blocks=tuple(blocks),
        told={flow: why for flow, why in told.items() if flow not in blocked},
    )


def _all_stopped(view: Vantage, flow: int, about: set[str]) -> bool:
    """Whether no name was resolved in a flow of lookups but those that were stopped."""
    dns = view.seen.dns
    return not any(dns.answers[row] and dns.query[row] not in about for row in view.questions.rows(flow).tolist())
