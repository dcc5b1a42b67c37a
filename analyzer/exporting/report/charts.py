"""Rates become the figures of a report: the SVG of each as an image that the file itself holds."""

from __future__ import annotations

import base64
import io
from typing import NamedTuple

from analyzer.findings import Outcome
from analyzer.planning import Usage
from analyzer.result import Result

MOST_OCTETS = 300_000
"""A larger figure is left to `analyzer bandwidth`, which writes it beside."""

TOLD = (Outcome.HOLDS, Outcome.FAILS)
CAPTIONS = {
    "upload": "Steady upload of each Edge over time, against its budget",
    "machines": "Each machine as measured on its side, and an estimate of its share of the upload, against its budget",
    "heatmap": "What each machine and the Edges say to each other over time",
    "distribution": "How many windows of the steady upload are below which share of the budget",
}


class Chart(NamedTuple):
    """A figure as a data URI (RFC 2397), with its caption."""

    uri: str
    caption: str


def charts(result: Result) -> list[Chart]:
    """The figures that can be drawn; none where the capture tells of no budget: a short one is then written at once."""
    if not any(budget.outcome in TOLD for budget in result.conclusions.budgets):
        return []
    from analyzer.exporting import drawing, figures

    usage, made = Usage(result), []
    for name, caption in CAPTIONS.items():
        figure = figures.draw(usage, name)
        if figure is None:
            continue
        stream = io.BytesIO()
        with drawing.styled():
            figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        if stream.tell() <= MOST_OCTETS:
            data = base64.b64encode(stream.getvalue()).decode("ascii")
            made.append(Chart(f"data:image/svg+xml;base64,{data}", caption))
    return made
