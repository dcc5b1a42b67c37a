"""Rates against budgets and the capacity plan, for a person with small charts, and as files: tables and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.text import Text

from analyzer.exporting import csvfile, figures, units
from analyzer.exporting.outcomes import SIGNS
from analyzer.exporting.page import Page, counted, fitted, words
from analyzer.findings import Budget
from analyzer.planning import Plan, Usage
from analyzer.planning.capacity import MONTH_S, Interval, Measured
from analyzer.planning.usage import COLUMNS, DIRECTIONS

NAMES: tuple[str, ...] = ("usage.parquet", "usage.csv", "bandwidth.csv")
FIGURES = "figures"

BARS = "▁▂▃▄▅▆▇█"
MARKS = 48
"""The widest chart, in columns."""

MOST_HOSTS = 8
LABEL = 13
NARROW = 8
FIGURES_WIDE = 62
"""Columns that octets, means and peaks take; names have the rest."""

BURST_S = 10.0
END = Text("")
"""After the last column, so that none is wrapped."""

WAYS = "by the document", "as measured"
NO_BUDGET = "no host that the document grants a rate is known: a site file may name them"
TEXTS = ("kind", "key", "direction")
COUNTS = ("windows", "octets", "frame_octets", "payload_octets", "flows")


def write(usage: Usage, plan: Plan | None, folder: Path) -> None:
    """Writes usage.parquet, the tables as CSV, and figures/ into a folder that is there; raises OSError."""
    table = usage_table(usage)
    pq.write_table(table, folder / NAMES[0], compression="zstd")
    csvfile.write_table(table, folder / NAMES[1])
    csvfile.write_frame(usage.result.bandwidth, folder / NAMES[2])
    figures.write(usage, plan, folder / FIGURES)


def usage_table(usage: Usage) -> pa.Table:
    """Usage.table in Arrow, with the meaning of each column."""
    kinds = dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(COUNTS, pa.int64())
    fields = [
        pa.field(name, kinds.get(name, pa.float64()), metadata={"description": meaning})
        for name, meaning in COLUMNS.items()
    ]
    return pa.Table.from_pandas(usage.table, schema=pa.schema(fields), preserve_index=False)


def show(usage: Usage, plan: Plan | None, stream: TextIO, *, whole: bool = False, month: bool = False) -> None:
    """Writes rates, budgets and plan to a stream.

    whole  every host, and not only those with most octets; rules and pairs as well
    month  megabytes a month first, as for sites that pay by them

    Raises OSError.
    """
    page = Page(stream)
    packets = sum(capture.packets for capture in usage.seen.captures)
    carried = ", ".join(map(units.window, usage.windows_s)) or "none: too short"
    page.line(
        words(f"{units.duration(usage.span.duration_s)} captured, {counted(packets, 'packet')}; windows of {carried}")
    )
    page.line(words("Rates are at IP length; 1 kbit/s is 1000 bit/s; idle time counts as zero.", "dim"))
    if month:
        _month(page, usage, plan)
    _budgets(page, usage)
    _steady(page, usage)
    _purposes(page, usage)
    _hosts(page, usage, len(usage.keys("host")) if whole else MOST_HOSTS)
    if whole:
        for kind in ("rule", "pair"):
            page.heading(f"{kind}s", f"octets up and down, mean and {_peak(usage)} in kbit/s")
            _table(page, usage, kind, usage.keys(kind), (kind, "up", "down"))
    if plan is not None:
        _plan(page, plan)
    if not month:
        _month(page, usage, plan)


def _budgets(page: Page, usage: Usage) -> None:
    """Each host with a budget, and what it sends or receives of what the document grants."""
    budgets = usage.result.conclusions.budgets
    told = [budget for budget in budgets if budget.role != "machine"]
    page.heading("budgets", "mean, and percentiles of windows, of what the document grants" if told else NO_BUDGET)
    rows = [[Text(*SIGNS[budget.outcome]), words(f"{budget.host} ({budget.role})"), _rates(budget)] for budget in told]
    if rows:
        page.rows(rows, fitted(rows, (0, 28)))
    _machines(page, [budget for budget in budgets if budget.role == "machine"])


def _rates(budget: Budget) -> Text:
    """A budget's figures in words."""
    rate = budget.rate
    share = f" ({rate.mean_bps / budget.high_bps:.0%})" if budget.high_bps else ""
    text = words(f"{units.rate(rate.mean_bps)} of {units.span(budget.budget_bps, budget.high_bps)}{share}")
    if budget.machines and budget.role == "edge":
        text.append_text(words(" for " + ", ".join(f"{number} {name}" for name, number in budget.machines)))
    window = units.window(rate.window_s)
    more = f"; {window}: p95 {units.rate(rate.p95_bps)}, peak {units.rate(rate.peak_bps)}"
    return text.append_text(words(more if rate.p95_bps != rate.mean_bps else f"; over {window}", "dim"))


def _machines(page: Page, budgets: Sequence[Budget]) -> None:
    """Each machine as measured on its side, and its share of the upload, an estimate."""
    if not budgets:
        return
    page.heading("machines", "kbit/s on their side, and an estimate of their share of the upload, which is encrypted")
    rows = [_head("machine", "class", "measured", "estimate", "granted")]
    for budget in budgets:
        share = units.kbps(budget.estimate.mean_bps) if budget.estimate else ""
        granted = " to ".join(units.kbps(bps) for bps in dict.fromkeys((budget.budget_bps, budget.high_bps)))
        cells = (budget.machine_class, units.kbps(budget.rate.mean_bps), share, granted)
        rows.append([words(budget.host), *(words(f"{cell:>{NARROW}}") for cell in cells), END])
    page.rows(rows, fitted(rows, (24,)))


def _steady(page: Page, usage: Usage) -> None:
    """The steady upload over time and over windows, per host with a budget."""
    for key in usage.keys("steady"):
        page.heading("upload", f"steady upload of {key}, kbit/s; updates, remote access, names and time are apart")
        _chart(page, usage, key, _granted(usage, key))
        _windows(page, usage, key)


def _granted(usage: Usage, host: str) -> float:
    return next((one.high_bps for one in usage.result.conclusions.budgets if one.host == host), 0.0)


def _windows(page: Page, usage: Usage, key: str) -> None:
    """The percentiles of a host's steady upload over each window that the captures carry, and its other lengths."""
    table = usage.table
    mine = table[(table["kind"] == "steady") & (table["key"] == key) & (table["direction"] == "up")]
    total = mine.iloc[-1]
    frames, payload = (total[name] * 8 / total["window_s"] for name in ("frame_octets", "payload_octets"))
    _line(page, "as well", f"{units.rate(frames)} as frames on the wire, {units.rate(payload)} of payload")
    rows = [_head("window", "mean", "p50", "p95", "p99", "peak")]
    for row in mine.itertuples(index=False):
        figures = row.mean_bps, row.p50_bps, row.p95_bps, row.p99_bps, row.peak_bps
        name = units.window(row.window_s) if row.windows > 1 else "whole time"
        rows.append([words(name), *(words(f"{units.kbps(bps):>{NARROW}}") for bps in figures), END])
    page.rows(rows, fitted(rows))


def _chart(page: Page, usage: Usage, key: str, top_bps: float) -> None:
    """The steady upload of a host as a row of bars over time, with the height of the highest possible one."""
    bin_s = usage.span.bin_ns / 1e9
    wide = min(MARKS, page.width - LABEL - 2)
    width_s = max(math.ceil(usage.span.bins / wide), 1) * bin_s
    series = usage.series("steady", key, "up", width_s).to_numpy()
    if len(series) < 2:
        return
    top = max(float(series.max()), top_bps)
    page.hang(Text("over time", "dim"), Text(bars(series, top)), at=LABEL, indent=2)
    reach = f"each mark {units.window(width_s)}, full height {units.rate(top)}"
    if top_bps and top == top_bps:
        reach += ", the budget"
    page.hang(Text(""), words(reach, "dim"), at=LABEL, indent=2)


def bars(series: Iterable[float], top: float) -> str:
    """Rates as bars, one character each; a space where nothing was sent."""
    made = []
    for value in np.asarray(list(series), np.float64):
        step = math.ceil(value / top * len(BARS)) if top else 0
        made.append(BARS[min(step, len(BARS)) - 1] if step else " ")
    return "".join(made)


def _purposes(page: Page, usage: Usage) -> None:
    """What traffic serves."""
    keys = usage.keys("purpose")
    if keys:
        page.heading("purposes", f"octets up and down, mean and {_peak(usage)} in kbit/s")
        _table(page, usage, "purpose", keys, ("purpose", "up", "down"))


def _hosts(page: Page, usage: Usage, most: int) -> None:
    """Who sends and receives most."""
    keys = usage.keys("host")
    if keys:
        page.heading("hosts", f"octets sent and received, mean and {_peak(usage)} in kbit/s")
        _table(page, usage, "host", keys[:most], ("host", "sent", "received"))
    if len(keys) > most:
        page.line(words(f"· {len(keys) - most} more (-v)", "dim"), 2)


def _peak(usage: Usage) -> str:
    """Of which length the windows are whose highest is shown."""
    return f"the highest {units.window(BURST_S)}" if BURST_S in usage.windows_s else "peak"


def _table(page: Page, usage: Usage, kind: str, keys: Iterable[str], names: tuple[str, str, str]) -> None:
    """Octets, mean and peak of keys, each way."""
    first, up, down = names
    rows = [_head(first, up, "mean", "peak", down, "mean", "peak")]
    for key in keys:
        table = usage.table
        mine = table[(table["kind"] == kind) & (table["key"] == key)]
        cells: list[str] = []
        for direction in DIRECTIONS:
            rates = mine[mine["direction"] == direction]
            peaks = rates.loc[rates["window_s"] == BURST_S, "peak_bps"]
            total = rates.iloc[-1]
            cells += [units.octets(int(total["octets"])), units.kbps(float(total["mean_bps"]))]
            cells.append(units.kbps(float((peaks if len(peaks) else rates["peak_bps"]).iloc[-1])))
        rows.append([words(key or "no rule"), *(words(f"{cell:>{NARROW}}") for cell in cells), END])
    page.rows(rows, fitted(rows, (min(max(page.width - FIGURES_WIDE, 12), 40),)))


def _head(first: str, *names: str) -> list[Text]:
    return [words(first, "dim"), *(words(f"{name:>{NARROW}}", "dim") for name in names), END]


def _plan(page: Page, plan: Plan) -> None:
    """What the planned machines need, what fits beside them, and until when."""
    request = plan.request
    machines = ", ".join(f"{number} {name}" for name, number in request.machines.items())
    page.heading("plan", machines or "no machines")
    _line(page, "document", f"up {units.span(*plan.up)}, down {units.span(*plan.down)}{_views(plan)}")
    count = request.count
    _line(
        page,
        "any class",
        f"{counted(count, 'machine')}: up {units.span(*plan.example_up)}, down {units.span(*plan.example_down)}, from"
        " the least to the most that the document grants",
    )
    _measured(page, plan.measured)
    _uplink(page, plan)


def _measured(page: Page, seen: Measured | None) -> None:
    """What the plan needs by what was measured."""
    if seen is None:
        _line(page, "measured", "no steady upload of a host with known machines is in the captures")
        return
    sure = f"nine of ten resamples give {_range(seen.mean)} and {_range(seen.p95)}"
    why = sure if seen.sure else f"{counted(seen.windows, 'window')} are too few for an interval"
    window = units.window(seen.window_s)
    _line(page, "measured", f"up {units.rate(seen.mean.bps)} in the mean, 95th percentile {units.rate(seen.p95.bps)}")
    shares = " to ".join(dict.fromkeys(f"{share:.0%}" for share in seen.factor))
    _line(page, "", f"hosts send {shares} of what their machines are granted; windows of {window}; {why}")


def _uplink(page: Page, plan: Plan) -> None:
    """What fits the uplink beside the plan, and until when."""
    request = plan.request
    if not request.uplink_bps:
        _line(page, "uplink", "not known: --uplink 10M tells how many more fit")
        return
    other = f"of which other traffic takes {units.rate(plan.other_bps)} (95th percentile)"
    _line(page, "uplink", f"{units.rate(request.uplink_bps)}, {other}")
    for name, (documented, measured) in plan.fits.items():
        by = "" if math.isnan(measured) else f", {units.count(measured)} as measured"
        _line(page, "room for", f"{units.count(documented)} more {name} machines by the document{by}")
    if request.growth:
        told = (f"{_years(years)} {how}" for years, how in zip(plan.years, WAYS, strict=True) if not math.isnan(years))
        _line(page, "runs out", f"at {request.growth:.0%} more machines each year: {', '.join(told)}")


def _line(page: Page, label: str, text: str) -> None:
    page.hang(Text(label, "dim"), words(text), at=LABEL, indent=2)


def _views(plan: Plan) -> str:
    views = plan.request.workcenters
    boards = counted(plan.request.dashboards, "dashboard")
    more = "" if views is None else f", {counted(views, 'workcenter view')}"
    return f" ({boards} of all machines{more})"


def _range(interval: Interval) -> str:
    return units.span(interval.low_bps, interval.high_bps)


def _years(years: float) -> str:
    return "beyond fifty years" if math.isinf(years) else f"in {years:.1f} years" if years else "now"


def _month(page: Page, usage: Usage, plan: Plan | None) -> None:
    """Megabytes a month, as far as the captures stand for one."""
    keys = usage.keys("uplink")
    if not keys:
        return
    octets = sum(float(usage.octets("uplink", "uplink", direction).sum()) for direction in ("up", "down"))
    month = octets * MONTH_S / usage.span.duration_s / 1e6
    told = f"{units.count(month)} MB to and from public addresses, at the rate of these captures"
    if plan is not None:
        told += f"; {units.count(plan.month_octets[1] / 1e6)} MB with the plan's upload"
    page.heading("a month", told)
