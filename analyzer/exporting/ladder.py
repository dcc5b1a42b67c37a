"""One flow becomes a ladder for a person, and plain data for a program: what is concluded, then frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from rich.text import Text

from analyzer.exporting.page import Page, counted, fitted, several, words
from analyzer.inspecting.steps import Reading, Step
from analyzer.result import Result, moment

LABEL = 12
MOST_SHOWN = 200
GAP_NS = 1_000_000_000
OTHERS = 8


def facts(result: Result, flows: Sequence[int], reading: Reading) -> dict[str, Any]:
    """A flow as dictionaries, lists, strings and numbers."""
    row = result.flows.iloc[flows[0]]
    told = {name: value.item() if hasattr(value, "item") else value for name, value in row.items()}
    told |= {name: moment(row[name].value) for name in ("start", "end")} | {"codes": list(row["codes"])}
    return {
        "schema": "analyzer-flow/1",
        "flow": told,
        "others": [int(flow) for flow in flows[1:]],
        "findings": [found.id for found in _findings(result, flows[0])],
        "program": reading.program,
        "cut": reading.cut,
        "steps": [
            {**step._asdict(), "ts_ns": int(step.ts_ns), "direction": "forth" if step.forth else "back"}
            for step in reading.steps
        ],
    }


def shown(result: Result, flows: Sequence[int], reading: Reading, stream: TextIO, *, whole: bool = False) -> None:
    """Writes what is concluded of a flow, and its frames; the middle of a long one is left out unless `whole`."""
    page = Page(stream)
    row = result.flows.iloc[flows[0]]
    page.line(
        words(f"flow {flows[0]}: {row.proto} {_end(row.orig_h, row.orig_p)} > {_end(row.resp_h, row.resp_p)}", "bold")
    )
    if len(flows) > 1:
        page.line(
            words(f"{len(flows) - 1} more flows have these ends: {several([*map(str, flows[1:])], OTHERS)}", "dim")
        )
    for label, text in _told(result, row):
        if text:
            page.hang(Text(label, "dim"), words(text), at=LABEL)
    page.blank()
    page.line(words(f"{counted(len(reading.steps), 'frame')}, as {reading.program} reads them", "dim"))
    steps = reading.steps
    many = not whole and len(steps) > MOST_SHOWN
    for part, left in (
        (steps[: MOST_SHOWN // 2] if many else steps, len(steps) - MOST_SHOWN),
        (steps[-MOST_SHOWN // 2 :], 0),
    ):
        _ladder(page, part, steps[0].ts_ns if steps else 0)
        if not many:
            break
        if left:
            page.line(words(f"… {counted(left, 'frame')} left out (-v)", "dim"), 2)
    if reading.cut:
        page.line(words("the flow has more frames than are read", "dim"), 2)


def _told(result: Result, row: Any) -> list[tuple[str, str]]:
    """What is known of a flow, each with its label."""
    span = (row.end - row.start).total_seconds()
    sent = f"{counted(int(row.orig_packets), 'packet')} forth, {int(row.resp_packets)} back; "
    sent += f"{counted(int(row.orig_octets), 'octet')} forth, {int(row.resp_octets)} back"
    verdict = " · ".join(part for part in (str(row.verdict), str(row.strength), str(row.rule), *row.codes) if part)
    found = _findings(result, int(row.flow))
    return [
        ("time", f"{moment(row.start.value)[:23].replace('T', ' ')} UTC, {span:.3f} s"),
        ("sent", sent),
        (
            "is",
            " · ".join(
                part for part in (str(row.service), str(row.server_name), str(row.conn_state), str(row.history)) if part
            ),
        ),
        ("verdict", verdict),
        ("end to end", str(row.end_to_end)),
        ("findings", "; ".join(f"{one.id} {one.title}" for one in found[:OTHERS])),
        ("community", str(row.community_id)),
    ]


def _findings(result: Result, flow: int) -> list[Any]:
    return [found for found in result.conclusions.findings if flow in found.flows]


def _ladder(page: Page, steps: Sequence[Step], start_ns: int) -> None:
    """The frames, those of the originator with an arrow to the right; silence of a second and more is told."""
    rows = []
    before = steps[0].ts_ns if steps else 0
    for step in steps:
        if step.ts_ns - before >= GAP_NS:
            silence = words(f"{(step.ts_ns - before) / 1e9:.1f} s of silence", "dim")
            rows.append([words(""), words(""), words(""), words(""), words(""), silence])
        before = step.ts_ns
        arrow = words("->" if step.forth else "<-", "bold cyan" if step.forth else "bold magenta")
        size = f"{step.payload:>5}" if step.payload else ""
        at = f"{(step.ts_ns - start_ns) / 1e9:11.6f}"
        rows.append(
            [words(f"{step.frame:>6}"), words(at, "dim"), arrow, words(step.flags), words(size), words(step.says)]
        )
    if rows:
        page.rows(rows, fitted(rows))


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
