"""What figures share: their look, panels, windows, times in UTC, names as labels; rates are kbit/s at IP length.

The colours are those of Okabe and Ito, "Color Universal Design" (2008); beside its colour each thing has its own line,
marker or hatch, so that it prints in grey. Nothing here needs a screen, nor touches Matplotlib's settings for good.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import dates, font_manager, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analyzer.exporting import units
from analyzer.planning import Usage
from analyzer.planning.usage import BUDGET_S
from analyzer.printable import printable

Floats = npt.NDArray[np.float64]

BLUE, VERMILLION, BLACK, GREY = "#0072B2", "#D55E00", "#000000", "#767676"
PALE_BLUE, PALE_GREY = "#cfe8f7", "#e6e6e6"
DASHES, DOTS = (0, (4, 2)), (0, (1, 1.2))
FONT = "DejaVu Sans"
WIDTH, DPI = 6.5, 150
SMALL = 7
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True, "axes.edgecolor": GREY, "axes.grid": True, "axes.labelsize": 8, "axes.spines.right": False,
    "axes.spines.top": False, "axes.titlelocation": "left", "axes.titlesize": 8, "figure.facecolor": "white",
    "figure.titlesize": 10, "font.family": [FONT, "sans-serif"], "font.size": 8, "grid.color": "#e2e2e2",
    "grid.linewidth": 0.6, "hatch.linewidth": 0.6, "legend.fontsize": 8, "legend.frameon": False, "savefig.dpi": DPI,
    "svg.fonttype": "none", "svg.hashsalt": "figures", "text.parse_math": False, "text.usetex": False,
    "xtick.labelsize": 8, "ytick.labelsize": 8,
}  # fmt: skip

BURST_S = 10.0
WIDTHS_S = (BURST_S, 60.0, BUDGET_S, 3600.0)
"""Of steps and cells over time; a single second tells how packets fall, not what is sent."""

MOST_STEPS, MOST_BUDGET_STEPS = 400, 2_500
"""So many steps are narrower than the windows of budgets; and so many are as wide."""

LEAST_CELLS = 12
MOST_EDGES = 4
MOST_POINTS = 1000
LONGEST_NAME = 26
LINE_PT = 10.0


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib as it comes, with STYLE, whatever the user's own settings are; they are back afterwards."""
    with style.context("default"), mpl.rc_context(STYLE):
        yield


def sheet(title: str, height: float) -> tuple[Figure, Axes]:
    """A figure with one panel, so many inches high."""
    figure, (axes,) = _figure(title, height, 1)
    return figure, axes


def panels(title: str, edges: int, tall: float, extra: int = 0) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each Edge, one below the other, up to MOST_EDGES, and so many more."""
    count = min(edges, MOST_EDGES) + extra
    return _figure(left_out(title, edges - MOST_EDGES, "Edge"), 1.0 + tall * count, count)


def _figure(title: str, height: float, count: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    return figure, list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0])


def left_out(text: str, more: int, word: str) -> str:
    """A text, and how many are not drawn."""
    told = f"{units.count(more)} {word}{'' if more == 1 else 's'} with less left out" if more > 0 else ""
    return "; ".join(filter(None, (text, told)))


def rows(axes: Axes, names: Sequence[str]) -> None:
    """Names of rows, the first at the top; never read as mathematics, whatever is in them."""
    axes.set_yticks(range(len(names)), names)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.5, -0.5)


def column(axes: Axes, at_pt: float, head: str, cells: Sequence[str]) -> None:
    """Numbers to the right of rows, below their head, so many points from the panel to their end."""
    place = axes.get_yaxis_transform()
    for row, cell in enumerate((head, *cells), start=-1):
        axes.annotate(
            cell, (1, row), (at_pt, 0), xycoords=place, textcoords="offset points", ha="right", va="center",
            fontsize=SMALL, annotation_clip=False,
        )  # fmt: skip


def times(axes: Axes, usage: Usage, more: str = "") -> None:
    """Times in UTC along the bottom, from the first frame to the last."""
    span = usage.span
    begin, end = (np.datetime64(at_ns, "ns").astype("M8[s]").item() for at_ns in (span.first_ns, span.last_ns))
    form = "%H:%M:%S" if span.duration_s < 600 else "%H:%M" if span.duration_s < 36 * 3600 else "%m-%d\n%H:%M"
    axes.xaxis.set_major_locator(dates.AutoDateLocator(tz="UTC", minticks=3, maxticks=8))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(dates.DateFormatter(form, tz="UTC"))  # type: ignore[no-untyped-call]
    axes.set_xlim(*days([span.start_ns, span.start_ns + span.bins * span.bin_ns]))
    until = f"{end:%H:%M:%S}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    told = f"UTC, {begin:%Y-%m-%d %H:%M:%S} to {until}"
    axes.set_xlabel("; ".join(filter(None, (told, more))))


def days(times_ns: Any) -> Floats:
    """Times in ns since 1970 as Matplotlib counts them."""
    made: Floats = dates.date2num(np.asarray(times_ns, np.int64).view("M8[ns]"))  # type: ignore[no-untyped-call]
    return made


def edges(index: Any, width_s: float) -> Floats:
    """Where the windows of a series begin, and where the last ends, as Matplotlib counts days."""
    starts = days(index.as_unit("ns").asi8)
    return np.append(starts, starts[-1] + width_s / 86_400)


def thinned(at: Floats, values: Floats) -> tuple[Floats, Floats]:
    """A line of no more than about MOST_POINTS that keeps every peak and every dip."""
    per = math.ceil(2 * len(values) / MOST_POINTS)
    if per <= 2:
        return at, values
    starts = range(0, len(values), per)
    kept = [start + pick(values[start : start + per]) for start in starts for pick in (np.argmin, np.argmax)]
    order = np.unique([0, *kept, len(values) - 1])
    return at[order], values[order]


def thin(edges: Floats) -> float:
    """How wide the line around steps is: the thinner the more there are."""
    return min(0.8, 200 / len(edges))


def step_s(usage: Usage) -> float:
    """The narrowest steps that are not too many to be seen; 0 where the captures hold no two of any."""
    fits = _widths(usage)
    for width_s in fits:
        if usage.span.duration_s <= width_s * (MOST_STEPS if width_s < BUDGET_S else MOST_BUDGET_STEPS):
            return width_s
    return max(fits, default=0.0)


def cell_s(usage: Usage) -> float:
    """The widest cells of which there are enough; 0 where the captures hold no two of any."""
    fits = _widths(usage)
    enough = (width_s for width_s in fits if usage.span.duration_s >= width_s * LEAST_CELLS)
    return max(enough, default=min(fits, default=0.0))


def _widths(usage: Usage) -> list[float]:
    return [width_s for width_s in WIDTHS_S if usage.span.bins and usage.span.duration_s >= 2 * width_s]


def long_s(usage: Usage) -> float:
    """The longest windows that the captures carry, up to those of budgets; 0 where they carry none of bursts."""
    return max((length for length in usage.windows_s if BURST_S <= length <= BUDGET_S), default=0.0)


def sliding(usage: Usage, key: str, window_s: float) -> Floats:
    """The steady upload in bit/s of all windows; one begins with every bin."""
    per = max(round(window_s * 1e9 / usage.span.bin_ns), 1)
    sums = np.concatenate([[0], np.cumsum(usage.octets("steady", key, "up"))])
    made: Floats = (sums[per:] - sums[:-per]) * 8e9 / (per * usage.span.bin_ns)
    return made


def beside(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Labels to the right of a panel: heights, texts, colours; moved up where they would lie on each other."""
    points = axes.bbox.height * 72 / axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    place = -math.inf
    left = axes.get_xlim()[1]
    for height, text, colour in sorted(labels):
        place = max(share(axes, left, height)[1], place + LINE_PT / points)
        axes.text(1.01, place, text, transform=axes.transAxes, color=colour, va="center")


def share(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where data lie in a panel whose limits are set: parts of its width and of its height."""
    across, up = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
    return float(across), float(up)


def plain_numbers(*which: Any) -> None:
    """Axes, as axes.yaxis, whose numbers are written out, their thousands apart."""
    for axis in which:
        axis.set_major_formatter(FuncFormatter(number))


def number(value: float, _at: int | None = None) -> str:
    """A number with three digits or more, its thousands apart."""
    return units.count(value) if value >= 1000 else f"{value:.3g}"


def named(name: str) -> str:
    """A name, harmless, and cut in its middle where it is long; what the font does not have is spelled out."""
    text = "".join(sign if ord(sign) in _signs() else ascii(sign)[1:-1] for sign in printable(name))
    if len(text) <= LONGEST_NAME:
        return text
    half = LONGEST_NAME // 2
    return f"{text[: half - 1]}…{text[-half:]}"


@cache
def _signs() -> frozenset[int]:
    """The characters that the font has; it travels with Matplotlib."""
    return frozenset(font_manager.get_font(font_manager.findfont(FONT, fallback_to_default=False)).get_charmap())
