"""By what facts are judged: packs, site, profiles, filter, roots and baseline, found sound before a capture is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import factsfile, judging, merging, rulepack, trustfile
from analyzer.errors import AnalyzerError, SourceError
from analyzer.observations import Observations
from analyzer.result import Result
from analyzer.rulepack import RulePack
from analyzer.sitefile import Site

if TYPE_CHECKING:
    from analyzer.judging import Filter
    from analyzer.taps import Across, Taps


@dataclass(frozen=True)
class Terms:
    """By what is judged, read and found sound."""

    packs: tuple[RulePack, ...]
    site: Site
    profiles: tuple[str, ...]
    keep: Filter | None
    roots: tuple[bytes, ...]
    baseline: tuple[Observations, ...]

    def judge(
        self, seen: Observations, across: Across | None = None, beside: tuple[Taps | None, Result | None] = (None, None)
    ) -> Result:
        """The result of facts, as far as another tap tells of them; of two taps compared, `beside` them."""
        means = judging.Means(self.roots, across, self.baseline)
        found = judging.judge(seen, self.packs, self.site, profiles=self.profiles, keep=self.keep, means=means)
        return Result(seen, found, *beside)


def terms_of(  # noqa: PLR0913 - as judge
    packs: Sequence[RulePack] | None,
    site: Site | None,
    profiles: Sequence[str],
    expression: str,
    trust: Sequence[str],
    baseline: Sequence[str],
) -> Terms:
    """What the arguments of `judge` mean; raises AnalyzerError where one of them cannot be used."""
    chosen = tuple(rulepack.shipped() if packs is None else packs)
    place = site or Site()
    for profile in (*profiles, *place.profiles):
        named(profile, chosen)
    try:
        roots = [root for path in (*place.trust, *trust) for root in trustfile.load(path)]
    except SourceError as error:
        raise AnalyzerError(f"trust: {error}") from error
    try:
        known = tuple(load_facts(Path(folder)) for folder in baseline)
    except SourceError as error:
        raise AnalyzerError(f"baseline: {error}") from error
    keep = judging.parse(expression) if expression else None
    return Terms(chosen, place, tuple(profiles), keep, tuple(roots), known)


def named(profile: str, packs: Sequence[RulePack]) -> tuple[RulePack, str]:
    """The pack and the variant that a profile names; raises AnalyzerError where one of them is not there."""
    name, _, variant = profile.partition(":")
    pack = next((pack for pack in packs if pack.name == name), None)
    if pack is None:
        known = ", ".join(pack.name for pack in packs)
        raise AnalyzerError(f"profile {profile}: no such rule pack (known: {known})")
    if variant and variant not in pack.variants:
        raise AnalyzerError(f"profile {profile}: {name} has the variants {', '.join(pack.variants) or '(none)'}")
    return pack, variant


def load_facts(folder: Path) -> Observations:
    """The facts in a folder, or those of the folders in it put together; raises SourceError where one is not whole."""
    parts = factsfile.load_parts(folder)
    return parts[0] if len(parts) == 1 else merging.merge(parts)
