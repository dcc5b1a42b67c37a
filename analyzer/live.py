"""A feed becomes a live capture: the stages of `check`, again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from analyzer import exporting
from analyzer.capturing.keeping import Keeper
from analyzer.result import Result
from analyzer.rulepack import RulePack
from analyzer.settings import Settings
from analyzer.sitefile import Site
from analyzer.terms import terms_of
from analyzer.watching.feeds import Feed
from analyzer.watching.intake import Intake
from analyzer.watching.limits import Limits
from analyzer.watching.picture import Seen
from analyzer.watching.watch import Watch

ACTIVE_S = 3600
"""A talk over UDP that lasts longer (multicast DNS, NTP between the same ports) goes on as another flow."""


def watch(  # noqa: PLR0913 - as judge, and how to watch
    feed: Feed,
    *,
    limits: Limits | None = None,
    write: Callable[[Result, Path], object] | None = None,
    keeper: Keeper | None = None,
    on_finding: Callable[[Seen], None] | None = None,
    troubles: Callable[[], tuple[str, ...]] = tuple,
    packs: Sequence[RulePack] | None = None,
    site: Site | None = None,
    profiles: Sequence[str] = (),
    filter: str = "",  # noqa: A002 - as in judge
    trust: Sequence[str] = (),
    baseline: Sequence[str] = (),
) -> Watch:
    """A live capture, to be started: what a feed gives is judged every few seconds, as `check` judges a capture.

    feed          watching.opening.open_feed("eth0"), or "-" for standard input
    limits        how often, how much of it is held, and where it is kept
    write         writes the files of a result to a folder, by default those of `check --out`
    keeper        takes all frames, as evidence (capturing.keeping.Keeper)
    on_finding    is called for each new finding        troubles  is asked for what else went wrong

    Raises what `judge` refuses, OSError where the folder cannot be made, and AnalyzerError where another program writes
    to it.
    """
    bounds = limits or Limits()
    terms = terms_of(packs, site, profiles, filter, trust, baseline)
    return Watch(
        Intake(feed, bounds.most_flows, Settings(udp_active_s=ACTIVE_S), keeper), terms.judge, bounds,
        write or exporting.write, uplink_bps=terms.site.uplink_bps, on_finding=on_finding, troubles=troubles,
    )  # fmt: skip
