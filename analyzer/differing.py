"""Two results of one site become what has changed: mended, broken, new, gone; by rule, and by host and destination.

What is not seen again is gone, never mended: for that, its host and destination have to be seen again, and well, and
in no flow as before; and for TLS that was opened, proven end to end, since TLS 1.3 hides who opens it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from analyzer import addresses
from analyzer.earlier import Found, Judged, Named, Ruled, Taken
from analyzer.findings import Outcome, Severity, Verdict

PROVEN = "proven"

SEVERAL = frozenset(
    {
        *("hello-differs", "hello-foreign", "session-differs", "operators-one-stack"),
        *("certificate-forged", "certificate-of-another", "certificate-refused"),
    }
)
"""Codes of TLS that is opened. Their findings are about several destinations: each of their flows has its own."""

TOKEN = re.compile(r"[^\s,;()“”]+")
PORT = re.compile(r" port (\d{1,5})\b")


Codes: TypeAlias = tuple[str, ...]


class Change(StrEnum):
    """What has become of a rule or of a finding, the worst first.

    broken   was seen and well, and is not well now        new     is not well now; before, it was not seen well
    changed  is not well in another way than before, or a rule's outcome changed that fails neither time
    still    is not well, as before                        gone    was not well; now nothing is seen of it
    unclear  was not well, and is seen again, but too little of it, or not well throughout
    mended   was not well, and is seen again and well
    """

    BROKEN = "broken"
    NEW = "new"
    CHANGED = "changed"
    STILL = "still"
    UNCLEAR = "unclear"
    GONE = "gone"
    MENDED = "mended"


class Matter(NamedTuple):
    """What a finding is about: a host, and a destination by name or address, with its port where it has one."""

    host: str
    whom: str
    port: int


@dataclass(frozen=True)
class RuleChange:
    """A rule whose outcome is another one than before, or fails again; `was` and `now` are empty where it was not."""

    change: Change
    rule: str
    pack: str
    was: str
    now: str
    because: str


@dataclass(frozen=True)
class FindingChange:
    """What changed between a host and a destination: codes before and now, and the title that tells of it."""

    change: Change
    host: str
    whom: str
    port: int
    was: tuple[str, ...]
    now: tuple[str, ...]
    severity: str
    title: str


@dataclass(frozen=True)
class Difference:
    """What changed since an earlier result, the worst first; `same` counts rules whose outcome is as before."""

    captures: tuple[Taken, ...]
    rules: tuple[RuleChange, ...]
    findings: tuple[FindingChange, ...]
    same: int
    notes: tuple[str, ...]


def between(old: Judged, new: Judged) -> Difference:
    """What changed from one result to another of the same site."""
    names = _names(old.told.hosts) | _names(new.told.hosts)
    findings = _findings(old, new, names)
    rules, same = _rules(old.told.rules, new.told.rules, _doubted(old, findings, names))
    packs = [{rule.pack for rule in told.rules} for told in (old.told, new.told)]
    notes: tuple[str, ...] = ()
    if packs[0] != packs[1]:
        before, now = (" and ".join(sorted(some)) or "no document" for some in packs)
        notes = (f"judged by {before} before, by {now} now",)
    return Difference(old.told.captures, rules, findings, same, notes)


def facts(difference: Difference) -> dict[str, Any]:
    """The structure of difference.json, of plain dictionaries, lists, strings and numbers."""
    return {"schema": "analyzer-difference/1", **asdict(difference)}


def _names(hosts: Iterable[Named]) -> dict[str, str]:
    """By address the name of a host that a pack governs."""
    return {address: host.host for host in hosts if host.pack for address in (*host.addresses, host.host)}


def _doubted(old: Judged, findings: Iterable[FindingChange], names: Mapping[str, str]) -> set[tuple[str, str]]:
    """Pack and rule of what failed by findings that may last: by its own, or by a destination that its reason names."""
    before = _by_matter(old, names)
    unclear = [one for one in findings if one.change is Change.UNCLEAR]
    broken = {before[Matter(one.host, one.whom, one.port)][code].rule for one in unclear for code in one.was}
    peers = {one.whom for one in unclear}
    return {
        (rule.pack, rule.rule)
        for rule in old.told.rules
        if rule.rule in broken or peers.intersection(word.rstrip(".:") for word in TOKEN.findall(rule.because))
    }


def _rules(
    old: Iterable[Ruled], new: Iterable[Ruled], doubted: Container[tuple[str, str]]
) -> tuple[tuple[RuleChange, ...], int]:
    """Rules that changed or fail again, and how many are as before; what is doubted is not mended."""
    before = {(rule.pack, rule.rule): rule for rule in old}
    now = {(rule.pack, rule.rule): rule for rule in new}
    made, same = [], 0
    for key in {**now, **before}:
        was, is_now = before.get(key), now.get(key)
        change = _of_outcomes(was, is_now)
        if change is None:
            same += 1
            continue
        if change is Change.MENDED and key in doubted:
            change = Change.UNCLEAR
        told = next((one.because for one in (is_now, was) if one), "")
        before_it, now_it = (one.outcome.value if one else "" for one in (was, is_now))
        made.append(RuleChange(change, key[1], key[0], before_it, now_it, told))
    return tuple(sorted(made, key=lambda one: list(Change).index(one.change))), same


def _of_outcomes(before: Ruled | None, after: Ruled | None) -> Change | None:
    """What an outcome before and one now make; None where nothing changed."""
    was, now = (one.outcome if one else None for one in (before, after))
    if now is Outcome.FAILS:
        return Change.STILL if was is now else Change.BROKEN if was is Outcome.HOLDS else Change.NEW
    if was is Outcome.FAILS:
        seen = Change.UNCLEAR if after and after.flows else Change.GONE
        return Change.MENDED if now is Outcome.HOLDS else seen
    return None if was is now else Change.CHANGED


def _findings(old: Judged, new: Judged, names: Mapping[str, str]) -> tuple[FindingChange, ...]:
    before, now = _by_matter(old, names), _by_matter(new, names)
    seen_before, seen_now = Seen(old, names), Seen(new, names)
    made = []
    for matter in {**now, **before}:
        was, is_now = before.get(matter, {}), now.get(matter, {})
        for codes_was, codes_now in _paired(set(was), set(is_now)):
            if not codes_now:
                change = seen_now.of_lost(matter, codes_was)
            elif not codes_was:
                change = Change.BROKEN if seen_before.well(matter, codes_now) else Change.NEW
            else:
                change = Change.STILL if codes_was == codes_now else Change.CHANGED
            told = [*(is_now[code] for code in codes_now), *(was[code] for code in codes_was)]
            worst = min(told, key=lambda found: list(Severity).index(found.severity))
            made.append(FindingChange(change, *matter, codes_was, codes_now, worst.severity.value, told[0].title))
    return tuple(sorted(made, key=_order))


def _order(one: FindingChange) -> tuple[Any, ...]:
    """The worst first."""
    worst = list(Change).index(one.change), list(Severity).index(Severity(one.severity))
    return (*worst, one.host, one.whom, one.port, one.was, one.now)


def _paired(was: set[str], now: set[str]) -> list[tuple[Codes, Codes]]:
    """Codes that are there both times, each with itself; and what was there only before, with what is only now."""
    made: list[tuple[Codes, Codes]] = [((code,), (code,)) for code in sorted(was & now)]
    if was != now:
        made.append((tuple(sorted(was - now)), tuple(sorted(now - was))))
    return made


def _by_matter(judged: Judged, names: Mapping[str, str]) -> dict[Matter, dict[str, Found]]:
    """Findings by what they are about, and by their code."""
    made: dict[Matter, dict[str, Found]] = {}
    for found in judged.told.findings:
        for matter in _matters(judged, found, names):
            made.setdefault(matter, {}).setdefault(found.code, found)
    return made


def _matters(judged: Judged, found: Found, names: Mapping[str, str]) -> list[Matter]:
    """What a finding is about: what its title names, or the destination of each of its flows."""
    hosts = [_host(judged.flows, row, names) for row in found.flows]
    if found.code in SEVERAL and hosts:
        return [
            Matter(host, _whom(judged.flows, row), judged.flows["resp_p"][row])
            for host, row in zip(hosts, found.flows, strict=True)
        ]
    host = hosts[0] if hosts else ""
    own = {host, *(address for address, name in names.items() if name == host)}
    for token in TOKEN.finditer(found.title):
        word = token.group().rstrip(".:")
        if word not in own and _is_peer(word):
            port = PORT.match(found.title, token.end())
            return [Matter(host, word, int(port.group(1)) if port else 0)]
    return [Matter(host, "", 0)]


def _is_peer(word: str) -> bool:
    """Whether a word of a title is an address or a host name, with a port or without: figures are neither."""
    named, _, port = word.rpartition(":")
    host = named if port.isdecimal() and "." in named else word
    above, _, last = host.rpartition(".")
    return addresses.parse(host) is not None or (bool(above) and last[:1].isalpha())


class Seen:
    """Hosts and destinations of flows: all, those that are as they should be, codes of others; port 0 is any."""

    def __init__(self, judged: Judged, names: Mapping[str, str]) -> None:
        self._all: set[Matter] = set()
        self._well: set[Matter] = set()
        self._proven: set[Matter] = set()
        self._codes: dict[Matter, set[str]] = {}
        flows = judged.flows
        for row, verdict in enumerate(flows["verdict"]):
            ends = _ends(flows, row, names)
            self._all |= ends
            if verdict == Verdict.EXPECTED:
                self._well |= ends
                if flows["end_to_end"][row] == PROVEN:
                    self._proven |= ends
            elif flows["codes"][row]:
                for end in ends:
                    self._codes.setdefault(end, set()).update(flows["codes"][row])

    def well(self, matter: Matter, codes: Codes) -> bool:
        """Whether a destination is seen well, as far as these codes are concerned."""
        if not matter.whom:
            return False
        return matter in (self._proven if SEVERAL.intersection(codes) else self._well)

    def of_lost(self, matter: Matter, codes: Codes) -> Change:
        """What has become of codes of which no finding tells any more."""
        if not matter.whom or matter not in self._all:
            return Change.GONE
        lasting = self._codes.get(matter, set()).intersection(codes)
        return Change.MENDED if self.well(matter, codes) and not lasting else Change.UNCLEAR


def _ends(flows: Mapping[str, Sequence[Any]], row: int, names: Mapping[str, str]) -> set[Matter]:
    """What a flow is about: its destination by name and by address, at its port and at any."""
    host, port = _host(flows, row, names), flows["resp_p"][row]
    return {Matter(host, flows[name][row], at) for name in ("server_name", "resp_h") for at in (port, 0)}


def _host(flows: Mapping[str, Sequence[Any]], row: int, names: Mapping[str, str]) -> str:
    """The host of the site that a flow is of."""
    orig, resp = flows["orig_h"][row], flows["resp_h"][row]
    return names.get(orig) or names.get(resp) or str(orig)


def _whom(flows: Mapping[str, Sequence[Any]], row: int) -> str:
    return str(flows["server_name"][row] or flows["resp_h"][row])
