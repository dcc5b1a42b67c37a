"""Facts, rule packs and a site file become conclusions: who is in scope, what flows are, what became of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from analyzer.findings import (
    Basis,
    ChecklistItem,
    Conclusions,
    Finding,
    Host,
    Outcome,
    Purpose,
    RuleOutcome,
    Severity,
    Verdict,
)
from analyzer.judging import loads
from analyzer.judging.case import Answer, Case, octets
from analyzer.judging.checks import BY_KIND
from analyzer.judging.codes import CODES, Entry, explain
from analyzer.judging.drafting import draft_site
from analyzer.judging.endtoend import Means, look
from analyzer.judging.filtering import Filter, FilterError, parse
from analyzer.judging.notes import monthly
from analyzer.judging.notes import notes as notes_on
from analyzer.judging.place import Cast
from analyzer.judging.remedies import remedy_for, ticket
from analyzer.judging.reports import gather, numbered, of_block, of_opening
from analyzer.judging.roles import cast, profile
from analyzer.judging.ruling import ORDER, Block, Book, Ruling
from analyzer.judging.signs import Signs
from analyzer.judging.traffic import traffic_for
from analyzer.judging.variants import book
from analyzer.judging.verdicts import decide
from analyzer.judging.weighing import weigh
from analyzer.observations import Observations
from analyzer.rulepack import Rule, RulePack
from analyzer.sitefile import Site

__all__ = ["CODES", "Entry", "Filter", "FilterError", "Means", "draft_site", "explain", "judge", "parse"]


def judge(  # noqa: PLR0913 each part of what is judged is the caller's to give
    seen: Observations,
    packs: Sequence[RulePack],
    site: Site,
    *,
    profiles: Sequence[str] = (),
    keep: Filter | None = None,
    means: Means = Means(),  # noqa: B008 - nothing in it changes
) -> Conclusions:
    """The conclusions from facts, packs and a site file.

    profiles  "pack" or "pack:variant": what is judged; by default what the site file names, else every pack of which
              the capture shows a host
    keep      which flows are judged; all without one
    means     what is at hand beside the capture: roots, another tap, a baseline
    """
    traffic = traffic_for(seen, packs)
    who, signs = cast(seen, traffic, packs, site, profiles)
    books, notes = _books(who, signs, profiles or site.profiles)
    kept = keep.mask(seen.flows) if keep else np.ones(traffic.count, np.bool_)
    docket = weigh(decide(traffic, who, books, kept), who, books, means.across)
    docket = look(docket, who, books, means)
    cases = [_answered(Case(seen, who, held, docket, signs[held.pack.name], {})) for held in books]
    return Conclusions(
        packs=tuple(pack.name for pack in who.packs),
        variants=tuple((held.pack.name, variant) for held in books for variant in held.variants),
        flows=docket.table(),
        hosts=_hosts(who),
        rules=tuple(outcome for case in cases for outcome in _outcomes(case)),
        findings=numbered([found for case in cases for found in _findings(case)]),
        checklist=tuple(item for case in cases for item in _checklist(case)),
        budgets=tuple(load.budget for case in cases for load in _loads(case)),
        purposes=_purposes(cases),
        grants=tuple(grant for case in cases for grant in loads.granted(case)),
        notes=_notes(cases, (*who.notes, *notes)),
    )


def _notes(cases: Sequence[Case], notes: Sequence[str]) -> tuple[str, ...]:
    """What the result does not know, megabytes a month first."""
    first = (note for case in cases for note in monthly(case))
    return (*first, *notes, *(note for case in cases for note in notes_on(case)))


def _books(who: Cast, signs: dict[str, Signs], profiles: Sequence[str]) -> tuple[list[Book], list[str]]:
    """The rules of each pack that hold here, and notes on how that is known."""
    books, notes = [], []
    for pack in who.packs:
        stated = [want.variant for want in map(profile, profiles) if want.pack == pack.name and want.variant]
        made, note = book(pack, who, signs[pack.name], who.site, stated)
        books.append(made)
        notes += [note] if note else []
    return books, notes or ([] if books else ["no host of any rule pack is in the capture: nothing is judged"])


def _answered(case: Case) -> Case:
    """The case with what became of each rule; those that ask what others answered come last."""
    answers: dict[str, Answer] = {}
    growing = replace(case, answers=MappingProxyType(answers))
    for rule in sorted(case.book.rules, key=lambda rule: BY_KIND[rule.kind].LAST):
        answers[rule.id] = BY_KIND[rule.kind].check(rule, growing)
    return growing


def _outcomes(case: Case) -> list[RuleOutcome]:
    """The outcomes in the order of the pack."""
    return [
        RuleOutcome(
            rule.id, case.book.pack.name, rule.basis, answer.outcome, rule.cite, rule.title, len(answer.flows),
            octets(case, answer.flows), _because(rule, answer), rule.purpose,
        )
        for rule in case.book.rules
        for answer in [case.answers[rule.id]]
    ]  # fmt: skip


def _because(rule: Rule, answer: Answer) -> str:
    """Why an outcome is what it is; one that rests on a reading says so."""
    told = rule.basis is Basis.READING and answer.outcome in {Outcome.HOLDS, Outcome.FAILS}
    return f"{answer.because} (reading: {rule.because})" if told and rule.because else answer.because


def _findings(case: Case) -> list[Finding]:
    """All findings, each once; those that no rule of the pack stands for come as well."""
    found = [finding for rule in case.book.rules for finding in case.answers[rule.id].findings]
    found += gather(case, [(at, ruling) for at, ruling in case.rulings if ruling.broken is None and _told(ruling)])
    found += [of_block(case, block, _severity(case, block), ticket(case, block)) for block in _blocks(case)]
    found += [of_opening(case, opening, remedy_for(case, opening)) for opening in case.openings()]
    return list({(finding.code, finding.host, finding.title): finding for finding in found}.values())


def _blocks(case: Case) -> list[Block]:
    """The blocks of a pack, those of one code, host and peer as one."""
    merged: dict[tuple[str, str, str], Block] = {}
    for block in case.docket.blocks:
        if block.pack != case.book.pack.name:
            continue
        key = block.code, block.actor.name, block.whom
        held = merged.get(key)
        merged[key] = block if held is None else held.joined(block)
    return list(merged.values())


def _severity(case: Case, block: Block) -> Severity:
    """How bad a block is: as its rule says where that fails, low where what it serves works another way."""
    failed = block.rule.id in case.answers and case.answers[block.rule.id].outcome is Outcome.FAILS
    return block.rule.severity if failed else max(block.rule.severity, Severity.LOW, key=ORDER.index)


def _told(ruling: Ruling) -> bool:
    """Whether flows of a ruling make a finding although they break no rule; what opens them is told by itself."""
    return ruling.verdict is not Verdict.INTERCEPTED and ruling.code not in {"", "behind-nat"}


def _checklist(case: Case) -> list[ChecklistItem]:
    """The steps of the document's lists, and its recommendations, answered."""
    return [
        ChecklistItem(
            rule.cite.quote, case.book.pack.name, answer.outcome, rule.cite, answer.because, len(answer.flows)
        )
        for rule in case.book.rules
        if rule.step
        for answer in [case.answers[rule.id]]
    ]


def _loads(case: Case) -> list[loads.Load]:
    """All budgets of a pack."""
    rules = case.book.of("budget")
    up = tuple(rule for rule in rules if rule.options["direction"] == "up")
    down = tuple(rule for rule in rules if rule.options["direction"] == "down")
    made = loads.uploads(case, up) if up else []
    return [*made, *(loads.machine_sides(case, up, made) if up else []), *(loads.downloads(case, down) if down else [])]


def _purposes(cases: Sequence[Case]) -> tuple[Purpose, ...]:
    """What the traffic of all packs served."""
    merged: dict[str, Purpose] = {}
    for case in cases:
        for part in loads.purposes(case):
            held = merged.get(part.purpose, Purpose(part.purpose, 0, 0, 0))
            up, down = held.octets_up + part.octets_up, held.octets_down + part.octets_down
            merged[part.purpose] = Purpose(part.purpose, up, down, held.flows + part.flows)
    return tuple(merged.values())


def _hosts(who: Cast) -> tuple[Host, ...]:
    """The hosts in scope, once for each role, and the others of the site file."""
    known = set(who.others)
    scope = [
        Host(
            actor.name, actor.addresses, actor.macs, part.role, part.pack,
            actor.basis, part.why,
        )
        for actor in who.actors
        for part in actor.parts
        if not actor.shared
    ]  # fmt: skip
    shared = [
        Host(actor.name, actor.addresses, actor.macs, "nat", pack, actor.basis, actor.shared)
        for actor in who.actors
        if actor.shared
        for pack in dict.fromkeys(part.pack for part in actor.parts)
    ]
    others = [
        Host(
            host.name, host.addresses, host.macs, host.role, "", "site-file", "named so by the site file", judged=False
        )
        for host in who.site.hosts
        if (host.name, host.role) in known
    ]
    return (*scope, *shared, *others)
