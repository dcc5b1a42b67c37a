"""A resolver says that a name does not exist.

Fact    RCODE 3 (NXDOMAIN) for a name that a document lists.
Leans   blocked, strong, where another resolver gave addresses for it; suggestive where the resolver denies every name
        of that zone, more than once, and answers others. Undetermined where it answers for other names beside it:
        then this one may not exist.
Blind   a name that its owner has retired, or that a document misspells, is denied by every resolver.
Source  RFC 1035 section 4.1.1; RFC 8020; RFC 8499 (split DNS).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import frames
from analyzer.judging.lookups import Lookup, zone
from analyzer.judging.vantage import Vantage, another

CODE = "dns-nxdomain"
STAGE = "dns"
SILENT = False
TITLE = "{host} was told that {whom} does not exist"
RIVALS: tuple[str, ...] = (
    "the name does not exist any more, or never did",
    "split-horizon DNS: this resolver knows the site's own names only",
)
REMEDY = "Take the name out of the resolver's filter, or have the resolver forward it."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each lookup that was denied."""
    return denied(view, CODE, "NXDOMAIN", "says that {name} does not exist")


def denied(view: Vantage, code: str, rcode: str, words: str) -> Iterator[Evidence]:
    """Evidence for each lookup that was answered with this code: who else answered for the name, or beside it."""
    for lookup, flow, said in view.asked():
        if said != rcode:
            continue
        other = another(view.answers.get(lookup.name, {}), lookup.resolver)
        detail = f"{lookup.resolver} {words.format(name=lookup.name)} ({rcode})"
        leaning, strength = Verdict.BLOCKED, Strength.SUGGESTIVE
        if other:
            strength = Strength.STRONG
            detail += f"; {other.resolver} gave {other.told[0]}"
        elif (lookup.resolver, zone(lookup.name)) in view.serves:
            leaning = Verdict.UNDETERMINED
            detail += f"; it answers for other names under {zone(lookup.name)}, so this one may not exist"
        yield evidence(view, code, flow, lookup, Reading(leaning, strength, detail, other is not None))


class Reading(NamedTuple):
    """What an answer is: its leaning and strength, what is told of it, and whether once is enough."""

    leaning: Verdict
    strength: Strength
    detail: str
    alone: bool = False


def evidence(view: Vantage, code: str, flow: int, lookup: Lookup, read: Reading) -> Evidence:
    """Evidence of an answer that leads nowhere."""
    dns = view.seen.dns
    return Evidence(
        code,
        read.leaning,
        read.strength,
        flow,
        frames(int(dns.query_frame[lookup.row]), int(dns.answer_frame[lookup.row])),
        read.detail,
        target=f"names under {zone(lookup.name)} at {targets.resolver(lookup.resolver)}",
        about=lookup.name,
        by=f"the resolver {lookup.resolver}",
        alone=read.alone,
    )
