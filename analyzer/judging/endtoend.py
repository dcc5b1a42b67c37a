"""Evidence of the ladder becomes a state for each TLS flow, and a verdict where it is broken.

proven     the server showed that it is whom the client wanted, or the same hellos passed two taps
no_sign    nothing speaks against it, and TLS hides what would
suspected  something does that has other causes as well
broken     proof, or strong evidence, that somebody on the way answers for the server
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.findings import Evidence, Severity, Strength, Verdict, strongest
from analyzer.judging.ladder import RUNGS, Rung, operators_one_stack
from analyzer.judging.place import Cast
from analyzer.judging.ruling import Book, Opening, Ruling
from analyzer.judging.sessions import Session, read_sessions
from analyzer.judging.sight import Sight
from analyzer.judging.traffic import Mask, marked
from analyzer.judging.vantage import Vantage
from analyzer.judging.verdicts import Docket, number_of, numbered
from analyzer.observations import Observations
from analyzer.rulepack import Rule
from analyzer.taps import Across, Passage

if TYPE_CHECKING:
    from analyzer.judging.baseline import Baseline

ORDER = {rung.CODE: place for place, rung in enumerate(RUNGS)}
CONVICTING = tuple(rung for rung in RUNGS if rung is not operators_one_stack)
"""Those that are asked of hosts out of scope: that one only ever suspects, which is of no use where nobody judges."""

CERTAIN = frozenset({Strength.PROOF, Strength.STRONG})
UNJUDGED = frozenset({Verdict.NOT_JUDGED, Verdict.HOUSEKEEPING})
UNOPENED = frozenset({Passage.SAME, Passage.RELAYED})


class State(StrEnum):
    """How far TLS is known to be end to end."""

    PROVEN = "proven"
    NO_SIGN = "no_sign"
    SUSPECTED = "suspected"
    BROKEN = "broken"


WORST = (State.BROKEN, State.SUSPECTED, State.NO_SIGN, State.PROVEN)


@dataclass(frozen=True)
class Means:
    """What is at hand beside the capture.

    roots     of the user, in DER
    across    what another tap tells of its flows
    baseline  facts of the same devices from when all was well
    """

    roots: Sequence[bytes] = ()
    across: Across | None = None
    baseline: Sequence[Observations] = ()

    @functools.cached_property
    def known(self) -> Baseline | None:
        """What the baseline tells of each name."""
        if not self.baseline:
            return None
        from analyzer.judging.baseline import Baseline  # noqa: PLC0415 - most captures are judged without one

        return Baseline.of(self.baseline)


class _Read(NamedTuple):
    """Sessions, and what the rungs found in them, by flow."""

    sessions: tuple[Session, ...]
    found: dict[int, tuple[Evidence, ...]]


def look(docket: Docket, cast: Cast, books: Sequence[Book], means: Means) -> Docket:
    """The docket with the state of every TLS flow, and the verdict on those of hosts in scope that are opened.

    Hosts out of scope are looked at apart: what they do changes no verdict on others.
    """
    tls = docket.traffic.seen.tls
    if not len(tls.flow):
        return docket
    judged = np.array([ruling.actor is not None and ruling.verdict not in UNJUDGED for ruling in docket.rulings])
    scope = judged[docket.which]
    states: dict[int, State] = {}
    mine = _read(docket, cast, books, means, scope, RUNGS)
    others = _read(docket, cast, books, means, _telling(docket, means) & ~scope, CONVICTING)
    for read in (mine, others):
        states |= _states(read, means.across)
    column = np.full(docket.traffic.count, "", dtype=object)
    column[tls.flow] = State.NO_SIGN.value
    for flow, state in states.items():
        column[flow] = state.value
    broken = {flow: held for flow, held in mine.found.items() if states[flow] is State.BROKEN}
    suspected = {flow: held for flow, held in mine.found.items() if states[flow] is State.SUSPECTED}
    unvouched = {
        session.flow: session.leaf.issuer_name
        for session in mine.sessions
        if session.leaf and not session.vouched and states[session.flow] is State.NO_SIGN
    }
    ruled = _ruled(docket, books, broken)
    openings = (*_openings(ruled, broken, certain=True), *_openings(ruled, suspected, certain=False))
    evidence = {**ruled.evidence}
    for flow, held in {**broken, **suspected}.items():
        evidence[flow] = (*held, *evidence.get(flow, ()))
    return replace(ruled, end_to_end=column, openings=openings, unvouched=unvouched, evidence=evidence)


def _telling(docket: Docket, means: Means) -> Mask:
    """The TLS flows that show a certificate or an alert; all where another tap tells of them."""
    if means.across:
        return np.ones(docket.traffic.count, np.bool_)
    tls = docket.traffic.seen.tls
    rows = (tls.alert >= 0) | np.array([bool(chain) for chain in tls.chain], np.bool_)
    return marked(docket.traffic.seen, tls.flow[rows])


def _read(  # noqa: PLR0913 - a docket with all that is known beside it
    docket: Docket, cast: Cast, books: Sequence[Book], means: Means, mask: Mask, rungs: Sequence[Rung]
) -> _Read:
    """The sessions of some flows and the evidence that these rungs find in them."""
    seen = docket.traffic.seen
    wanted = mask & marked(seen, seen.tls.flow)
    if not wanted.any():
        return _Read((), {})
    local = [name for book in books for rule in book.of("local-name") for name in rule.to.names]
    view = Vantage(seen, wanted, (), local, cast.lookups)

    def issuers(flow: int) -> frozenset[str]:
        return frozenset(mark for rule in docket.rulings[docket.which[flow]].allowed for mark in rule.to.issuers)

    named = np.array([any(rule.to.names for rule in ruling.allowed) for ruling in docket.rulings], np.bool_)
    sessions = read_sessions(seen, wanted, means.roots, issuers)
    sight = Sight(view, sessions, named[docket.which], means.across, means.known)
    found: dict[int, list[Evidence]] = defaultdict(list)
    for rung in rungs:
        for seen_ in rung.find(sight):
            found[seen_.flow].append(seen_)
    return _Read(sessions, {flow: tuple(held) for flow, held in found.items()})


def _states(read: _Read, across: Across | None) -> dict[int, State]:
    """The state of each flow with a session that was read; a resumed one inherits state and evidence."""
    passed = {flow for flow, crossing in across.flows.items() if crossing.passage in UNOPENED} if across else set()
    border = bool(across and across.border)  # taps on one side of a box show the same hellos as well
    states: dict[int, State] = {}
    full: dict[tuple[str, str, str], tuple[State, tuple[Evidence, ...]]] = {}
    for session in read.sessions:
        held = read.found.get(session.flow, ())
        state = _state(session, held, passed=session.flow in passed and (not held or border))
        key = session.client, session.name, session.server
        if not session.resumed:
            full[key] = state, held
        elif not session.newer and state is not State.BROKEN and session.established and key in full:
            # it goes on with the keys of a session before, whose other end had shown who it is
            state, before = full[key]
            read.found[session.flow] = tuple(_inherited(session, seen) for seen in before) or held
        states[session.flow] = min(state, states.get(session.flow, state), key=WORST.index)
    return states


def _state(session: Session, held: Sequence[Evidence], *, passed: bool) -> State:
    """The state of one session; equal hellos at two taps are `passed`."""
    if any(seen.strength in CERTAIN for seen in held):
        return State.BROKEN
    if session.proven or passed:
        return State.PROVEN
    return State.SUSPECTED if held else State.NO_SIGN


def _inherited(session: Session, seen: Evidence) -> Evidence:
    """Evidence of a full session, of one that resumes it."""
    return replace(seen, flow=session.flow, detail=f"it goes on with an earlier session: {seen.detail}")


def _ruled(docket: Docket, books: Sequence[Book], broken: Mapping[int, Sequence[Evidence]]) -> Docket:
    """The docket with a ruling of its own for each flow that is opened."""
    rulings, which, numbers = list(docket.rulings), docket.which.copy(), numbered(docket)
    forbids, exempts = _forbidding(books), dict[int, tuple[Rule, ...]]()
    for flow, held in broken.items():
        number = int(which[flow])
        before = rulings[number]
        first = held[0]
        if number not in exempts:
            exempts[number] = tuple(_exempt(forbids, before))
        exempt = exempts[number]
        plain, why = before.verdict, before.why
        if plain is Verdict.EXPECTED and any(seen.code == "certificate-refused" for seen in held):
            plain, why = Verdict.UNDETERMINED, "the client refuses the certificate that it is shown"
        strength = strongest(seen.strength for seen in held)
        ruling = replace(before, verdict=Verdict.INTERCEPTED, before=plain, exempt=exempt, why=why)
        if before.broken is None:
            ruling = replace(ruling, code=first.code, strength=strength, severity=severity_of(ruling))
        which[flow] = number_of(ruling, numbers, rulings)
    return replace(docket, rulings=tuple(rulings), which=which)


def severity_of(ruling: Ruling) -> Severity:
    """How bad it is that somebody opens such a flow: as the rule says that forbids it, low where none does."""
    return ruling.exempt[0].severity if ruling.exempt else Severity.LOW


class _Forbidding(NamedTuple):
    """A rule that forbids to open TLS, its pack, and the rules that it means, by id; None where it means all."""

    pack: str
    rule: Rule
    meant: frozenset[str] | None


def _forbidding(books: Sequence[Book]) -> list[_Forbidding]:
    """The rules that forbid to open TLS, those that name destinations in front."""
    made = []
    for book in books:
        for rule in book.of("no-interception"):
            named = rule.options.get("rules") or ()
            meant = frozenset(found.id for found in book.pack.select(named)) if named else None
            made.append(_Forbidding(book.pack.name, rule, meant))
    return sorted(made, key=lambda one: one.meant is None)


def _exempt(forbids: Sequence[_Forbidding], ruling: Ruling) -> Iterable[Rule]:
    """The rules that forbid to open the TLS of such a flow, in their order."""
    ids = {found.id for found in ruling.allowed}
    for pack, rule, meant in forbids:
        who = ruling.actor is not None and ruling.actor.plays(pack, rule.who)
        if who and (meant is None or meant & ids):
            yield rule


def _openings(docket: Docket, held: Mapping[int, Sequence[Evidence]], *, certain: bool) -> list[Opening]:
    """What is seen, once for each pack, host and code that names it."""
    grouped: dict[tuple[str, str, str], list[Evidence]] = defaultdict(list)
    for flow, seen in held.items():
        ruling = docket.rulings[docket.which[flow]]
        first = min(seen, key=lambda one: (list(Strength).index(one.strength), ORDER[one.code]))
        if ruling.actor is not None:
            grouped[ruling.pack, first.code, ruling.actor.name] += [first, *(one for one in seen if one is not first)]
    return [Opening(pack, code, actor, tuple(found), certain) for (pack, code, actor), found in grouped.items()]
