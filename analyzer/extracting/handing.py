"""Captures become one that can be handed on: in disguise, judged anew, with what is found in it written beside it."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from analyzer import sitefile
from analyzer.errors import AnalyzerError
from analyzer.extracting import extract, of_all, of_same_finding, of_same_flow
from analyzer.extracting.disguise import Disguise
from analyzer.extracting.places import disguised
from analyzer.extracting.sanitizing import copies
from analyzer.judging.endtoend import State
from analyzer.result import Result
from analyzer.sitefile import Site

TOLD = (
    "Sanitized: addresses (but documented ones and those of public resolvers), MACs, and names that no document has "
    "are others, of the same length; contents, queries and credentials are masked or zeroed. In clear are times, "
    "lengths, ports, TTLs, names below documented domains, hellos but for name and tickets, certificates of documented "
    "names and of sessions that somebody opens (without the names in them, but a product's, where they prove nothing), "
    "opening packets of QUIC to documented names whole, with tokens and tickets, and the few octets by which a "
    "protocol is known. Comments are of what these frames show."
)

ENDINGS = frozenset({".pcapng", ".pcap", ".ntar", ".cap", ".dump"})
"""Of captures."""

SIGNS = (State.BROKEN, State.SUSPECTED)
"""Of interception."""

Judge = Callable[[Sequence[str], Site | None], Result]
"""Judges captures by a site file, as the result was that they are of."""


class Sanitized(NamedTuple):
    """As Extracted; which flows, rules and findings are not as before, and the path of the site file, if any."""

    frames: int
    marked: int
    differing: tuple[str, ...]
    site: str


def sanitize(  # noqa: PLR0913 - what is wanted, of what, and where it goes
    paths: Sequence[str],
    result: Result,
    target: Path,
    disguise: Disguise,
    site: Site | None,
    judge: Judge,
    meant: tuple[str, str] = ("", ""),
) -> Sanitized:
    """Writes frames in disguise as a pcapng, and the site file for them; each is there whole, or not at all.

    meant  a finding, or a flow, as `extract` takes them; else every frame is

    Raises what `extract` raises, and AnalyzerError where what was read, or any site file, would be written over.
    """
    beside = _beside(target) if site else None
    _spare([*paths, *([site.path] if site and site.path else [])], [target, *([beside] if beside else [])])
    if beside and os.path.lexists(beside):
        raise AnalyzerError(f"{beside}: is there already: the sanitized file needs another name")
    place = disguised(site, disguise) if site else None
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".sanitized.") as folder:
        made = copies(paths, result, disguise, Path(folder))
        again = judge(made, place)
        finding, flow = meant
        if finding:
            wanted = of_same_finding(result, finding, again)
        else:
            wanted = of_same_flow(result, flow, again) if flow else of_all(again)
        done = extract(made, wanted._replace(title=f"{TOLD} {wanted.title}"), target)
        if place and beside:
            written = Path(folder) / "site.yaml"
            with written.open("w", encoding="utf-8") as stream:
                sitefile.write(replace(place, trust=()), stream)
            written.replace(beside)
    return Sanitized(*done, differing(result, again, disguise), str(beside or ""))


def _beside(target: Path) -> Path:
    """The site file of a capture: with another ending, or one more where it has none of a capture's."""
    stem = target.stem if target.suffix.lower() in ENDINGS else target.name
    return target.with_name(f"{stem}.site.yaml")


def _spare(read: Sequence[str], written: Sequence[Path]) -> None:
    """Raises AnalyzerError where a file would be written over that was read."""
    for path in read:
        if Path(path).resolve() in [one.resolve() for one in written]:
            raise AnalyzerError(f"{path}: would be written over: the sanitized file needs another name")


def differing(result: Result, again: Result, disguise: Disguise) -> tuple[str, ...]:
    """Flows, rules and kinds of findings of a result of which one in disguise concludes something else.

    Services, and the TLS of names that no document has where it shows no sign of interception, are not looked at: they
    may not be seen any more, since certificates and QUIC of such names are not handed on.
    """
    one, other = (_concluded(held, disguise) for held in (result, again))
    return tuple(name for name in {**one, **other} if one.get(name) != other.get(name))


def _concluded(result: Result, disguise: Disguise) -> dict[str, object]:
    """By its name, what is concluded of each flow and rule, and how many findings there are of each code."""
    flows, names = result.conclusions.flows, result.observations.flows.server_name
    states = [
        state if state in SIGNS or disguise.documented(name) else ""
        for state, name in zip(flows.end_to_end.tolist(), names.tolist(), strict=True)
    ]
    columns = (column.tolist() for column in (flows.verdict, flows.rule, flows.codes))
    rows = enumerate(zip(*columns, states, strict=True))
    found = Counter(f"finding {finding.code}" for finding in result.conclusions.findings)
    rules = {f"rule {rule.rule}": rule.outcome for rule in result.conclusions.rules}
    return {**{f"flow {row}": concluded for row, concluded in rows}, **rules, **found}
