"""Rates against budgets, and a capacity plan, become figures: SVG and PNG, that also print in grey."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, PercentFormatter

from analyzer.exporting import drawing, units
from analyzer.exporting.drawing import BLACK, BLUE, DASHES, DOTS, GREY, PALE_BLUE, PALE_GREY, VERMILLION, Floats
from analyzer.findings import Budget
from analyzer.planning import Plan, Usage
from analyzer.planning.capacity import ANY, Measured
from analyzer.planning.usage import BETWEEN, DIRECTIONS

Draw = Callable[[Usage, Plan | None], Figure | None]
Labels = list[tuple[float, str, str]]

MOST_MACHINES, MOST_ROWS = 30, 50
MOST_DRAWN = 1_000
"""More cells are one image in the SVG."""

SPREAD, DECADES = 100.0, 1e4
"""Rates that differ by more are coloured by their logarithm, and over so much."""

FAR = 8.0
"""An uplink that carries so many times the plan is drawn on logarithmic axes."""

CLASSES = {ANY: "of unknown class"}
PERCENTILES = (0.50, 0.95, 0.99)


@drawing.styled()
def upload(usage: Usage, _plan: Plan | None = None) -> Figure | None:
    """What each Edge sends steadily over time, against its budget; below, all else that goes up the uplink."""
    keys, step_s = usage.keys("steady"), drawing.step_s(usage)
    if not keys or not step_s:
        return None
    other = _other_up(usage, step_s)
    figure, panels = drawing.panels("Steady upload against its budget", len(keys), 1.55, int(other is not None))
    for axes, key in zip(panels, keys[: drawing.MOST_EDGES], strict=False):
        _steps(axes, usage, key, step_s)
    if other is not None:
        panels[-1].stairs(
            *other, fill=True, facecolor=PALE_GREY, edgecolor=GREY, hatch="////", linewidth=drawing.thin(other[1])
        )
        panels[-1].set_title("all else that goes up the uplink, not counted: updates, remote access, names, time …")
        panels[-1].set_ylim(0, None)
    for axes in panels:
        axes.set_ylabel("kbit/s")
        drawing.plain_numbers(axes.yaxis)
    drawing.times(panels[-1], usage)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return figure


def _steps(axes: Axes, usage: Usage, key: str, step_s: float) -> None:
    """The steady upload of an Edge as steps, its sliding mean, and its budget."""
    series = usage.series("steady", key, "up", step_s)
    edges, label = drawing.edges(series.index, step_s), f"{units.window(step_s)} steps"
    axes.stairs(
        series / 1000, edges, fill=True, facecolor=PALE_BLUE, edgecolor=BLUE, linewidth=drawing.thin(edges), label=label
    )
    long_s = drawing.long_s(usage)
    if long_s > step_s:
        means = drawing.sliding(usage, key, long_s) / 1000
        ends = edges[0] + (np.arange(len(means)) * usage.span.bin_ns / 1e9 + long_s) / 86_400
        told = f"mean of the last {units.window(long_s)}"
        axes.plot(*drawing.thinned(ends, means), color=BLACK, linewidth=1.2, label=told)
    axes.set_title(drawing.named(key))
    top = max(axes.get_ylim()[1], 0.001)
    budget = _budget(usage, key)
    if budget is None:
        axes.set_ylim(0, top)
        return
    low, high, most = (bps / 1000 for bps in _limits(budget))
    axes.set_ylim(0, max(top, most * 1.08))
    for height in dict.fromkeys((low, high)):
        axes.axhline(height, color=VERMILLION, linewidth=1.3)
    if high > low:
        axes.axhspan(low, high, facecolor="none", edgecolor=VERMILLION, hatch="///", linewidth=0, alpha=0.4)
    axes.axhline(most, color=VERMILLION, linewidth=1.3, linestyle=DASHES)
    told = " to ".join(map(drawing.number, dict.fromkeys((low, high))))
    more = f"+{budget.tolerance:.0%}: {drawing.number(most)}"
    drawing.beside(axes, [(high, f"budget {told}", VERMILLION), (most, more, VERMILLION)])


def _other_up(usage: Usage, step_s: float) -> tuple[Floats, Floats] | None:
    """The uplink's upload without the steady one, in kbit/s, and the edges of its steps; None for none at all."""
    if "other" not in usage.keys("other"):
        return None
    series = usage.series("other", "other", "up", step_s)
    return (series.to_numpy() / 1000, drawing.edges(series.index, step_s)) if series.any() else None


@drawing.styled()
def machines(usage: Usage, _plan: Plan | None = None) -> Figure | None:
    """Each machine as measured on its side, and its share of the upload, an estimate, against what it is granted."""
    held = [budget for budget in usage.result.conclusions.budgets if budget.role == "machine"]
    held.sort(key=lambda budget: (-_larger(budget), budget.host))
    if not held or not _larger(held[0]):
        return None
    shown = held[:MOST_MACHINES]
    figure, axes = drawing.sheet("Machines on their side, and an estimate of their upload", 2.0 + 0.25 * len(shown))
    at = np.arange(len(shown), dtype=np.float64)
    measured = [budget.rate.mean_bps / 1000 for budget in shown]
    estimates = [budget.estimate.mean_bps / 1000 if budget.estimate else 0.0 for budget in shown]
    axes.barh(at - 0.19, measured, 0.36, color=BLUE, label="measured between Edge and machine, both ways")
    axes.barh(
        at + 0.19, estimates, 0.36, facecolor="white", edgecolor=BLUE, hatch="//////", linewidth=0.8,
        label="estimate of its upload, which is encrypted: by its share of what is collected",
    )  # fmt: skip
    _granted(axes, shown)
    drawing.column(axes, 46, "measured", [drawing.number(value) for value in measured])
    told = [drawing.number(share) if one.estimate else "" for share, one in zip(estimates, shown, strict=True)]
    drawing.column(axes, 92, "estimate", told)
    drawing.rows(axes, [f"{drawing.named(budget.host)} ({budget.machine_class})" for budget in shown])
    axes.set(xlabel=drawing.left_out("kbit/s, mean", len(held) - len(shown), "machine"), xlim=(0, None))
    axes.grid(visible=False, axis="y")
    drawing.plain_numbers(axes.xaxis)
    figure.legend(loc="outside lower left")
    return figure


def _granted(axes: Axes, shown: Sequence[Budget]) -> None:
    """Marks of what each machine is granted: one, or of a class that is not known the least and the most."""
    ring = [withStroke(linewidth=4, foreground="white")]
    for place, budget in enumerate(shown):
        low, high, _ = (bps / 1000 for bps in _limits(budget))
        label = "granted by the document" if place == 0 else ""
        axes.vlines(
            [*{low, high}], place - 0.44, place + 0.44, colors=VERMILLION, linewidth=2.2, label=label, path_effects=ring
        )
        if high > low:
            axes.hlines(place, low, high, colors=VERMILLION, linewidth=1, linestyles=DOTS)


@drawing.styled()
def heatmap(usage: Usage, _plan: Plan | None = None) -> Figure | None:
    """What each machine and the Edges say to each other over time, both ways; silent cells are hatched."""
    budgets, cell_s = usage.result.conclusions.budgets, drawing.cell_s(usage)
    talks = {
        budget.host: _talk(usage, budget.host, cell_s) for budget in budgets if budget.role == "machine" and cell_s
    }
    names = sorted((name for name, talk in talks.items() if talk.any()), key=lambda name: -float(talks[name].sum()))
    if not names:
        return None
    shown = names[:MOST_ROWS]
    cells = np.array([talks[name] for name in shown]) / 1000
    title = f"Between Edge and machine, means of {units.window(cell_s)}; hatched: silent"
    figure, axes = drawing.sheet(title, 1.7 + 0.18 * len(shown))
    least, top = float(cells[cells > 0].min()), float(cells.max())
    wide = top > SPREAD * least
    norm = LogNorm(max(least, top / DECADES), top, clip=True) if wide else Normalize(0, top)
    edges = drawing.days([usage.span.start_ns])[0] + np.arange(cells.shape[1] + 1) * cell_s / 86_400
    axes.patch.set(hatch="////", edgecolor="#b0b0b0")
    lines = 0.4 if cells.shape[1] <= 100 else 0
    mesh = axes.pcolormesh(
        edges, np.arange(len(shown) + 1) - 0.5, np.ma.masked_equal(cells, 0), norm=norm, cmap="cividis_r",
        edgecolors="white", linewidth=lines, zorder=1, rasterized=cells.size > MOST_DRAWN,
    )  # fmt: skip
    bar = figure.colorbar(mesh, ax=axes, pad=0.02, aspect=8 + len(shown), format=FuncFormatter(drawing.number))
    bar.set_label(f"kbit/s{', logarithmic' if wide else ''}")
    axes.grid(visible=False)
    drawing.rows(axes, [drawing.named(name) for name in shown])
    drawing.times(axes, usage, drawing.left_out("", len(names) - len(shown), "machine"))
    axes.set_xlim(edges[0], edges[-1])
    return figure


def _talk(usage: Usage, machine: str, window_s: float) -> Floats:
    """The rate in bit/s between a machine and all Edges, both ways, window by window; empty for none."""
    edges = [budget.host for budget in usage.result.conclusions.budgets if budget.role == "edge"]
    made: Floats = np.zeros(0)
    for key in (BETWEEN.join(pair) for edge in edges for pair in ((edge, machine), (machine, edge))):
        try:
            both = [usage.series("pair", key, direction, window_s).to_numpy() for direction in DIRECTIONS]
        except KeyError:
            continue
        made = np.sum([*both, made] if len(made) else both, axis=0)
    return made


@drawing.styled()
def distribution(usage: Usage, _plan: Plan | None = None) -> Figure | None:
    """How many windows of the steady upload are below which share of the budget."""
    budgets = [budget for key in usage.keys("steady") if (budget := _budget(usage, key)) is not None]
    long_s = drawing.long_s(usage)
    if not budgets or not long_s:
        return None
    figure, panels = drawing.panels("Steady upload: windows as shares of the budget", len(budgets), 2.7)
    for axes, budget in zip(panels, budgets, strict=False):
        right = 0.0
        for window_s in dict.fromkeys((drawing.BURST_S, long_s)):
            look = (BLACK, "-", "o") if window_s == long_s else (BLUE, DASHES, "s")
            right = max(right, _windows(axes, usage, budget, window_s, look))
        _shares(axes, budget, right)
        axes.set_ylabel("windows below")
    panels[-1].set_xlabel("share of the budget")
    return figure


def _windows(axes: Axes, usage: Usage, budget: Budget, window_s: float, look: tuple[str, object, str]) -> float:
    """Draws the cumulative distribution of an Edge's windows of one length; returns the last of its percentiles."""
    colour, line, marker = look
    shares = np.sort(drawing.sliding(usage, budget.host, window_s)) / budget.budget_bps
    pick = np.unique(np.linspace(0, len(shares) - 1, drawing.MOST_POINTS).astype(np.int64))
    rate = usage.rate("steady", budget.host, "up", window_s)
    marks = np.array([rate.p50_bps, rate.p95_bps, rate.p99_bps]) / budget.budget_bps
    told = "".join(f"p{at * 100:.0f} {share:.0%}, " for at, share in zip(PERCENTILES, marks, strict=True))
    label = f"{units.window(window_s)} windows: {told}peak {shares[-1]:.0%}"
    axes.plot(
        np.append(shares[0], shares[pick]), np.append(0, (pick + 1) / len(shares)), drawstyle="steps-post",
        color=colour, linestyle=line, linewidth=1.5, label=label,
    )  # fmt: skip
    axes.plot(marks, PERCENTILES, marker, color=colour, markerfacecolor="white", markersize=5, clip_on=False, zorder=3)
    return float(marks[-1])


def _shares(axes: Axes, budget: Budget, right: float) -> None:
    """The budget and its tolerance over distributions, and the axes of both, up to `right` at least."""
    low, high, most = (bps / budget.budget_bps for bps in _limits(budget))
    axes.set(xlim=(0, max(right, most) * 1.08), ylim=(0, 1.02), yticks=(0, 0.25, 0.5, 0.75, 0.95))
    for share, line in ((low, "-"), (high, "-"), (most, DASHES)):
        axes.axvline(share, color=VERMILLION, linewidth=1.3, linestyle=line)
    if high > low:
        axes.axvspan(low, high, facecolor="none", edgecolor=VERMILLION, hatch="///", linewidth=0, alpha=0.4)
    at = axes.get_xaxis_transform()
    axes.text(low, 1.01, "budget", color=VERMILLION, ha="right", va="bottom", transform=at)
    axes.text(most, 1.01, f"+{budget.tolerance:.0%}", color=VERMILLION, ha="left", va="bottom", transform=at)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    title = drawing.named(budget.host)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.07), borderaxespad=0, title=title, alignment="left")


@drawing.styled()
def needed(_usage: Usage, plan: Plan | None = None) -> Figure | None:
    """The upload that machines need, by the document and as measured, and where it fills the uplink."""
    if plan is None or not plan.request.count or not plan.up.high_bps:
        return None
    request, free = plan.request, (plan.request.uplink_bps - plan.other_bps) / 1000
    count, seen = request.count, plan.measured if plan.measured and plan.measured.p95.bps > 0 else None
    each = [plan.up.high_bps / 1000 / count, *([seen.p95.bps / 1000 / count] if seen else [])]
    reach = max(free / min(each), 0) if request.uplink_bps else 0
    far = reach > FAR * count
    ends = np.array([1.0 if far else 0.0, max(reach * (4 if far else 1.3), count * 1.3, 2)])
    kinds = ", ".join(
        f"{units.count(held)} {CLASSES.get(name, name)}" for name, held in request.machines.items() if held
    )
    figure, axes = drawing.sheet(f"Upload by number of machines\nplanned: {kinds}", 4.1)
    labels = _documented(axes, plan, ends)
    if seen is not None:
        labels += _measured(axes, seen, count, ends)
    word = ", logarithmic" if far else ""
    more = "; too few windows for an interval of what is measured" if seen and not seen.sure else ""
    axes.set(xlabel=f"machines{word}{more}", ylabel=f"kbit/s{word}", xlim=ends)
    if far:
        axes.set(xscale="log", yscale="log")
    if request.uplink_bps:
        labels += _uplink(axes, plan, each)
    axes.set_ylim(min(*each, plan.up.low_bps / 1000 / count) / 2 if far else 0, None)
    axes.axvline(count, color=GREY, linewidth=1, linestyle=DOTS)
    axes.text(count, 1.01, f"{units.count(count)} planned", transform=axes.get_xaxis_transform(), ha="center")
    drawing.plain_numbers(axes.xaxis, axes.yaxis)
    drawing.beside(axes, labels)
    return figure


def _documented(axes: Axes, plan: Plan, ends: Floats) -> Labels:
    """What the document grants to so many machines: as planned, and of any class."""
    count = plan.request.count
    least, most = (bps / 1000 / count for bps in plan.example_up)
    low, high = (bps / 1000 / count for bps in plan.up)
    labels = []
    if least < most:
        axes.fill_between(ends, least * ends, most * ends, color=PALE_BLUE, alpha=0.6, linewidth=0)
        for slope in sorted({least, most} - {low, high}):
            axes.plot(ends, slope * ends, color=BLUE, linewidth=0.8, linestyle=DOTS)
            labels.append((slope * ends[1], f"any class, {drawing.number(slope)} each", BLUE))
    for slope in dict.fromkeys((low, high)):
        axes.plot(ends, slope * ends, color=BLUE, linewidth=1.6)
        axes.plot(count, slope * count, "o", color=BLUE, markersize=6, zorder=4)
        labels.append((slope * ends[1], f"document, {drawing.number(slope)} each", BLUE))
    return labels


def _measured(axes: Axes, seen: Measured, count: int, ends: Floats) -> Labels:
    """What so many machines need as measured: the 95th percentile with its interval."""
    bps, low, high = (bps / 1000 / count for bps in seen.p95)
    if seen.sure:
        axes.fill_between(ends, low * ends, high * ends, color=GREY, alpha=0.3, linewidth=0)
        axes.vlines(count, low * count, high * count, color=BLACK, linewidth=1.6, zorder=4)
    axes.plot(ends, bps * ends, color=BLACK, linewidth=1.6, linestyle=DASHES)
    axes.plot(count, bps * count, "s", color=BLACK, markerfacecolor="white", markersize=6, zorder=4)
    return [(bps * ends[1], "measured p95", BLACK)]


def _uplink(axes: Axes, plan: Plan, each: Sequence[float]) -> Labels:
    """What the uplink carries, what other traffic leaves of it, and how many machines fill that."""
    whole, free = plan.request.uplink_bps / 1000, (plan.request.uplink_bps - plan.other_bps) / 1000
    axes.axhline(whole, color=VERMILLION, linewidth=1.3)
    labels = [(whole, f"uplink {drawing.number(whole)}", VERMILLION)]
    if free < 0.99 * whole:
        axes.axhline(free, color=VERMILLION, linewidth=1.3, linestyle=DASHES)
        labels.append((free, f"{drawing.number(free)} left", VERMILLION))
    names = ("document", "measured")
    crossings = sorted((free / slope, name) for slope, name in zip(each, names, strict=False)) if free > 0 else []
    for at, (x, name) in enumerate(crossings):
        axes.plot(x, free, "X", color=VERMILLION, markeredgecolor="white", markersize=8, zorder=5)
        across, up = drawing.share(axes, x, free)
        below, right = at > 0 and up > 0.12, at > 0 or across < 0.25
        axes.annotate(
            f"{units.count(int(x))} ({name})", (x, free), (7 if right else -7, -6 if below else 6 + 11 * at),
            textcoords="offset points", ha="left" if right else "right", va="top" if below else "bottom",
            color=VERMILLION,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}, zorder=5,
        )  # fmt: skip
    return labels


FIGURES: Mapping[str, Draw] = {
    "upload": upload,
    "machines": machines,
    "heatmap": heatmap,
    "distribution": distribution,
    "plan": needed,
}


def draw(usage: Usage, name: str, plan: Plan | None = None) -> Figure | None:
    """A figure of FIGURES; None where there is nothing to draw. Raises KeyError for another name."""
    return FIGURES[name](usage, plan)


def write(usage: Usage, plan: Plan | None, folder: Path) -> list[Path]:
    """Writes NAME.svg and NAME.png of each figure into a folder, made where it is missing; raises OSError.

    The same usage and plan give the same octets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for name in FIGURES:
        figure = draw(usage, name, plan)
        if figure is None:
            continue
        svg, png = folder / f"{name}.svg", folder / f"{name}.png"
        with drawing.styled():
            figure.savefig(svg, metadata={"Date": None, "Creator": None})
            figure.savefig(png, metadata={"Software": None})
        made += svg, png
    return made


def _budget(usage: Usage, host: str) -> Budget | None:
    """The upload budget of an Edge; None where its machines are not known."""
    budgets = usage.result.conclusions.budgets
    return next((one for one in budgets if one.host == host and one.role == "edge" and one.budget_bps), None)


def _limits(budget: Budget) -> tuple[float, float, float]:
    """What is granted in bit/s, the least and the most of it, and the most with its tolerance."""
    return budget.budget_bps, budget.high_bps, budget.high_bps * (1 + budget.tolerance)


def _larger(budget: Budget) -> float:
    return max(budget.rate.mean_bps, budget.estimate.mean_bps if budget.estimate else 0.0)
