"""What a site of so many machines needs: by the document, and by what was measured; and what else fits the uplink.

The documented need is a sum. The measured one takes the steady upload of the captures, window by window, as a multiple
of what the document grants to the machines that were there, and grants the planned ones as much: all of them peak
together, which errs on the safe side. Its interval comes from resampling the windows in blocks, since neighbours are
alike (Kunsch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals of Statistics 17, 1989).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer import rating, sitefile
from analyzer.errors import AnalyzerError
from analyzer.findings import Grant
from analyzer.planning.usage import BUDGET_S, DIRECTIONS, Usage
from analyzer.result import Result

KNOWN = ("standard", "focas")
VIEWS = ("dashboards", "workcenters")
ANY = "machines"
MOST = 1_000_000

RESAMPLES, SEED, MOST_DRAWN = 2000, 1, 3000
INTERVAL = (5.0, 95.0)
LEAST_WINDOWS = 12
"""Fewer windows say nothing of a spread."""

MONTH_S = 30 * 86_400
YEARS = 50.0

Floats = npt.NDArray[np.float64]


class PlanError(AnalyzerError):
    """A plan that cannot be read, or for which the document grants nothing."""


class Need(NamedTuple):
    """A rate in bit/s: the same twice, or from the least to the most that it can be."""

    low_bps: float
    high_bps: float


@dataclass(frozen=True)
class Request:
    """What is to be planned.

    machines     how many of each class; `machines` for those whose class is not known
    dashboards   browsers that show all machines      workcenters  views of a workcenter; None for one of each machine
    uplink_bps   what the uplink carries, 0 unknown    growth       machines more each year, in parts of one
    """

    machines: Mapping[str, int] = field(default_factory=dict)
    dashboards: int = 1
    workcenters: int | None = None
    uplink_bps: float = 0.0
    growth: float = 0.0

    @property
    def count(self) -> int:
        """How many machines in all."""
        return sum(self.machines.values())


def present(usage: Usage) -> dict[str, int]:
    """The machines of the captures' hosts with a budget, by class; those of unknown class as any."""
    made: dict[str, int] = {}
    for budget in usage.result.conclusions.budgets:
        for name, count in budget.machines if budget.role == "edge" else ():
            known = name if name in KNOWN else ANY
            made[known] = made.get(known, 0) + count
    return made


def parse(text: str, uplink: str | float = 0.0, growth: float = 0.0) -> Request:
    """A request as standard=40,focas=10,dashboards=3 (also machines=, workcenters=), an uplink as 10M or in bit/s.

    Raises PlanError.
    """
    try:
        uplink_bps = sitefile.rate(uplink) if isinstance(uplink, str) else uplink
    except ValueError as error:
        raise PlanError(f"uplink: {error}") from error
    machines: dict[str, int] = {}
    views: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, written = part.partition("=")
        number = int(written) if re.fullmatch(r"[0-9]{1,7}", written) else -1
        if not equals or name not in (*KNOWN, ANY, *VIEWS):
            raise PlanError(f"plan: expected {', '.join((*KNOWN, ANY, *VIEWS))} with =NUMBER, found {part[:40]!a}")
        if not 0 <= number <= MOST:
            raise PlanError(f"plan: {name}: expected a number up to {MOST}, found {written[:40]!a}")
        if name in machines or name in views:
            raise PlanError(f"plan: {name} stands twice")
        (views if name in VIEWS else machines)[name] = number
    return Request(machines, views.get("dashboards", 1), views.get("workcenters"), uplink_bps, growth)


class Interval(NamedTuple):
    """A measured rate in bit/s, and where it lies in nine of ten resamples; the same where windows are too few."""

    bps: float
    low_bps: float
    high_bps: float


@dataclass(frozen=True)
class Measured:
    """The need by what was measured.

    window_s, windows  of which length the windows are, and how many there were
    factor             the measured upload as a multiple of what the document grants to the machines that were there,
                       the least and the most that it can be where a class is not known
    mean, p95          the planned upload by that
    sure               whether there were enough windows for an interval
    """

    window_s: float
    windows: int
    factor: Need
    mean: Interval
    p95: Interval
    sure: bool


@dataclass(frozen=True)
class Plan:
    """What the planned machines need, and what else fits.

    up, down      by the document, in bit/s: for the classes as planned
    example_up, example_down  the same for as many machines of any class, with any view open: the document's own example
    measured      None where no steady upload with a budget is in the captures
    other_bps     the 95th percentile of what else goes up the uplink
    fits          per class: machines that fit beside all that, by the document and (NaN where not) as measured
    years         until the planned machines, growing, fill the uplink; infinite where they never do
    month_octets  of the captures' uplink traffic in thirty days, both ways; and of the plan's upload beside the rest
    """

    request: Request
    up: Need
    down: Need
    example_up: Need
    example_down: Need
    measured: Measured | None
    other_bps: float
    fits: Mapping[str, tuple[float, float]]
    years: tuple[float, float]
    month_octets: tuple[float, float]


def plan(usage: Usage, request: Request) -> Plan:
    """The plan for a request, by the budgets of the document and by what was measured.

    Where it names no machines it is for those that are there. Raises PlanError where no document grants an upload.
    """
    grants = usage.result.conclusions.grants
    per_class = {grant.machine_class: grant.bps for grant in grants if grant.direction == "up"}
    if not per_class:
        raise PlanError("no budget for uploads is in the rule packs that are judged by: name one with --profile")
    request = request if request.machines else replace(request, machines=present(usage))
    up = _up(per_class, request.machines)
    measured = _measured(usage, up)
    other = _other(usage)
    return Plan(
        request,
        up,
        _down(grants, request),
        _up(per_class, {ANY: request.count}),
        _down(grants, Request({ANY: request.count})),
        measured,
        other,
        _fits(per_class, request, up, measured, other),
        _years(request, up, measured, other),
        _month(usage, up, measured),
    )


def _up(per_class: Mapping[str, float], machines: Mapping[str, int]) -> Need:
    """What machines may send, by their class; of an unknown class the least and the most."""
    low, high = min(per_class.values()), max(per_class.values())
    return Need(
        sum(count * per_class.get(name, low) for name, count in machines.items()),
        sum(count * per_class.get(name, high) for name, count in machines.items()),
    )


def _down(grants: tuple[Grant, ...], request: Request) -> Need:
    """What browsers may fetch: every dashboard shows all machines, every workcenter view one."""
    down = {grant.per: grant.bps for grant in grants if grant.direction == "down"}
    board = request.dashboards * request.count * down.get("machine", 0.0)
    view = down.get("workcenter", 0.0)
    if request.workcenters is not None:
        return Need(board + request.workcenters * view, board + request.workcenters * view)
    return Need(board, max(board, request.dashboards * request.count * view))


class _Steady(NamedTuple):
    """The steady upload of hosts with a budget: octets in each bin, the mean as budgets have it, what is granted."""

    octets: rating.Counts
    mean_bps: float
    granted: Need


def _steady(usage: Usage) -> _Steady:
    """The steady upload over all hosts whose machines are known."""
    octets, mean, low, high = np.zeros(usage.span.bins, np.int64), 0.0, 0.0, 0.0
    keys = usage.keys("steady")
    for budget in usage.result.conclusions.budgets:
        if budget.role == "edge" and budget.budget_bps and budget.host in keys:
            octets = octets + usage.octets("steady", budget.host, "up")
            mean += budget.rate.mean_bps
            low, high = low + budget.budget_bps, high + budget.high_bps
    return _Steady(octets, mean, Need(low, high))


def _measured(usage: Usage, up: Need) -> Measured | None:
    """The planned upload by what was measured; None where there is nothing to go by.

    Where classes are not known, those that are there and those that are planned are taken for the same ones.
    """
    steady = _steady(usage)
    window_s = max((length for length in usage.windows_s if length <= BUDGET_S), default=0.0)
    if not steady.granted.low_bps or not steady.octets.any() or not window_s:
        return None
    scale = max(up.low_bps / steady.granted.low_bps, up.high_bps / steady.granted.high_bps)
    bin_s = usage.span.bin_ns / 1e9
    windows = rating.windows(steady.octets, bin_s, window_s)
    whole = int(usage.span.duration_s // window_s)
    sure = whole >= LEAST_WINDOWS
    p95 = float(np.percentile(windows, 95))
    means, highs = _resampled(windows, whole) if sure else (np.array([steady.mean_bps]), np.array([p95]))
    return Measured(
        window_s,
        whole,
        Need(steady.mean_bps / steady.granted.high_bps, steady.mean_bps / steady.granted.low_bps),
        _interval(steady.mean_bps, means, scale),
        _interval(p95, highs, scale),
        sure,
    )


def _resampled(windows: Floats, whole: int) -> tuple[Floats, Floats]:
    """Means and 95th percentiles of resamples of overlapping windows, of which so many follow one another.

    A block is as long as the cube root of their number of windows.
    """
    thin = windows[:: max(math.ceil(len(windows) / MOST_DRAWN), 1)]
    length = min(max(round(len(thin) / whole * whole ** (1 / 3)), 1), len(thin))
    blocks = math.ceil(len(thin) / length)
    draw = np.random.default_rng(SEED).integers(0, len(thin) - length + 1, (RESAMPLES, blocks))
    at = (draw[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, : len(thin)]
    drawn = thin[at]
    return drawn.mean(axis=1), np.percentile(drawn, 95, axis=1)


def _interval(bps: float, resamples: Floats, scale: float) -> Interval:
    """A measured rate and its resamples as rates of the plan."""
    low, high = (float(value) for value in np.percentile(resamples, INTERVAL))
    return Interval(bps * scale, min(low, bps) * scale, max(high, bps) * scale)


def _other(usage: Usage) -> float:
    """What else goes up the uplink: the 95th percentile over the longest windows up to those of budgets."""
    if "other" not in usage.keys("other"):
        return 0.0
    window_s = max((length for length in usage.windows_s if length <= BUDGET_S), default=usage.span.duration_s)
    return usage.rate("other", "other", "up", window_s).p95_bps


def _fits(
    per_class: Mapping[str, float], request: Request, up: Need, measured: Measured | None, other: float
) -> dict[str, tuple[float, float]]:
    """Per class how many machines fit beside the planned ones and the rest, by the document and as measured."""
    if not request.uplink_bps:
        return {}
    made: dict[str, tuple[float, float]] = {}
    factor = measured.p95.bps / up.high_bps if measured and up.high_bps else math.nan
    for name, bps in per_class.items():
        free = request.uplink_bps - other - up.high_bps
        left = request.uplink_bps - other - up.high_bps * factor
        documented = max(math.floor(free / bps), 0)
        made[name or ANY] = (documented, max(math.floor(left / (bps * factor)), 0) if factor > 0 else math.nan)
    return made


def _years(request: Request, up: Need, measured: Measured | None, other: float) -> tuple[float, float]:
    """When growing machines fill the uplink, in years, by the document and as measured."""
    if not request.uplink_bps or not request.growth:
        return math.nan, math.nan
    free, seen = request.uplink_bps - other, measured.p95.bps if measured else math.nan
    return _until(up.high_bps, free, request.growth), _until(seen, free, request.growth)


def _until(need: float, free: float, growth: float) -> float:
    """Years until a need that grows by so much each year is all that is free; infinite beyond `YEARS`."""
    if math.isnan(need) or not need:
        return math.nan
    if need >= free:
        return 0.0
    years = math.log(free / need) / math.log1p(growth)
    return years if years <= YEARS else math.inf


def _month(usage: Usage, up: Need, measured: Measured | None) -> tuple[float, float]:
    """Octets of thirty days: the uplink's as captured, and with the planned upload in place of the measured one."""
    octets = {
        kind: sum(int(usage.octets(kind, kind, direction).sum()) for direction in DIRECTIONS)
        for kind in ("uplink", "other")
        if kind in usage.keys(kind)
    }
    scale = MONTH_S / usage.span.duration_s
    planned = (measured.mean.bps if measured else up.high_bps) / 8 * MONTH_S
    return octets.get("uplink", 0) * scale, octets.get("other", 0) * scale + planned


def planned(result: Result, plan: Plan) -> Result:
    """The result with a plan in it, as its files tell it."""
    return Result(result.observations, result.conclusions, result.taps, result.outside, _told(plan))


def _told(plan: Plan) -> dict[str, object]:
    """A plan as result.json holds it: numbers, and null where something is not known."""
    measured = plan.measured
    return {
        "machines": {name: plan.request.machines.get(name, 0) for name in (*KNOWN, ANY)},
        "dashboards": plan.request.dashboards,
        "workcenters": plan.request.workcenters,
        "uplink_bps": plan.request.uplink_bps or None,
        "growth": plan.request.growth,
        "up": plan.up._asdict(),
        "down": plan.down._asdict(),
        "example_up": plan.example_up._asdict(),
        "example_down": plan.example_down._asdict(),
        "measured": measured
        and {
            "window_s": measured.window_s,
            "windows": measured.windows,
            "factor_low": measured.factor.low_bps,
            "factor_high": measured.factor.high_bps,
            "mean": measured.mean._asdict(),
            "p95": measured.p95._asdict(),
            "interval": measured.sure,
        },
        "other_bps": plan.other_bps,
        "fits": [
            {"class": name, "documented": _finite(documented), "measured": _finite(seen)}
            for name, (documented, seen) in plan.fits.items()
        ],
        "years": {"documented": _finite(plan.years[0]), "measured": _finite(plan.years[1])},
        "month_octets": {"captured": plan.month_octets[0], "planned": plan.month_octets[1]},
    }


def _finite(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if math.isfinite(value) else None
