"""Facts are parted by flow and put together again: what left the memory of a live capture, and what was still there.

`merge` of parts gives what `observe` of the whole capture gives, as long as no flow stands in two of them. Flows that
leave are over, so that none does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from analyzer.dissecting.names import Sources, name_flows
from analyzer.observations import REFERENCES, TABLES, Capture, Observations, Quality, flow_counts
from analyzer.tables import Arp, Certificates, Dns, Flows, Icmp, Rates

Column = npt.NDArray[Any]
T = TypeVar("T")


def subset(seen: Observations, rows: npt.NDArray[np.bool_]) -> Observations:
    """The facts of some flows; captures, their quality, certificates and ARP stay whole."""
    moved = np.where(rows, np.cumsum(rows) - 1, -1).astype(np.int64)
    made: dict[str, Any] = {}
    for name in TABLES:
        table = getattr(seen, name)
        if isinstance(table, Certificates | Arp):
            made[name] = table
            continue
        kept = rows if isinstance(table, Flows) else rows[table.flow]
        made[name] = _referring(_taken(table, kept), lambda column: np.where(column >= 0, moved[column], -1))
    return _named(replace(seen, **made))


def together(flows: Flows, goes: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Those of the flows that go whose twins (both sides of a NAT) go as well."""
    root = np.where(flows.twin >= 0, flows.twin, np.arange(flows.twin.size))
    stays = np.zeros(flows.twin.size, np.bool_)
    np.logical_or.at(stays, root, ~goes)
    whole: npt.NDArray[np.bool_] = ~stays[root]
    return whole


def merge(parts: Sequence[Observations]) -> Observations:
    """The facts of all parts as if they had been observed at once, captures one after the other.

    Parts of one capture (they begin at the same time under the same path) count its frames alike. Raises ValueError
    where there is no part.
    """
    if not parts:
        raise ValueError("nothing to merge")
    runs = _runs(parts)
    captures = [_latest([part.captures[0] for part in run]) for run in runs]
    before = np.cumsum([0, *(capture.packets for capture in captures)]).tolist()
    shifted = [_shifted(part, first) for run, first in zip(runs, before, strict=False) for part in run]
    made = {name: _joined([getattr(part, name) for part in shifted]) for name in TABLES}
    counts = np.cumsum([0, *(part.flows.proto.size for part in shifted)]).tolist()
    for name in TABLES:
        for column in REFERENCES:
            if hasattr(made[name], column):
                columns = [_up(getattr(getattr(p, name), column), at) for p, at in zip(shifted, counts, strict=False)]
                made[name] = made[name]._replace(**{column: np.concatenate(columns)})
    quality = _quality([[part.quality for part in run] for run in runs])
    whole = Observations(captures=tuple(captures), quality=quality, **made)
    return _named(_in_order(whole))


def _runs(parts: Sequence[Observations]) -> list[list[Observations]]:
    """The parts of each capture, captures in the order of their first frames."""
    found: dict[tuple[str, int], list[Observations]] = {}
    for part in parts:
        first = part.captures[0]
        found.setdefault((first.path, first.start_ns), []).append(part)
    return sorted(found.values(), key=lambda run: run[0].captures[0].start_ns)


def _latest(told: list[Capture]) -> Capture:
    """What was told of a capture last."""
    return max(told, key=lambda capture: (capture.packets, capture.end_ns))


def _quality(runs: list[list[Quality]]) -> Quality:
    """Counts of one capture only grow, so the highest one is the last; those of several captures add up."""
    made: dict[str, Any] = {}
    for field in fields(Quality):
        told = [[getattr(quality, field.name) for quality in run] for run in runs]
        if field.name == "bin_ns":
            made[field.name] = max(max(run) for run in told)
        elif field.name == "filters":
            made[field.name] = tuple(dict.fromkeys(text for run in told for texts in run for text in texts))
        else:
            known = [max(numbers) for run in told if (numbers := [number for number in run if number is not None])]
            made[field.name] = sum(known) if known else None
    return Quality(**made)


def _shifted(part: Observations, frames: int) -> Observations:
    """A part whose frames are counted after so many; columns of frame numbers are called so, and 0 stands for none."""
    if not frames:
        return part
    made = {}
    for kind in TABLES:
        table = getattr(part, kind)
        numbers = [name for name in table._fields if name == "frame" or name.endswith("_frame")]
        columns = {name: getattr(table, name) for name in numbers}
        made[kind] = table._replace(**{name: np.where(told > 0, told + frames, told) for name, told in columns.items()})
    return replace(part, **made)


def _joined(tables: list[Any]) -> Any:
    """Tables one after the other."""
    return type(tables[0])(*(np.concatenate(columns) for columns in zip(*tables, strict=True)))


def _up(column: Column, first: int) -> Column:
    """References to rows of flows, where those of the part begin at `first`."""
    return np.where(column >= 0, column + first, column)


def _in_order(seen: Observations) -> Observations:
    """All tables in the order that they have where a capture is observed at once."""
    order = np.argsort(seen.flows.first_frame, kind="stable")
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    made: dict[str, Any] = {}
    for name in TABLES:
        table = _referring(getattr(seen, name), lambda column: np.where(column >= 0, place[column], -1))
        made[name] = _sorted(table, order)
    made["rates"] = _binned(made["rates"], seen.quality.bin_ns)
    made["certificates"] = _distinct(made["certificates"], made["certificates"].fingerprint)
    made["arp"] = _claims(made["arp"])
    return replace(seen, **made)


def _sorted(table: Any, flows: Column) -> Any:
    """A table in its order; see the tables' own words."""
    if isinstance(table, Flows):
        return _taken(table, flows)
    if isinstance(table, Certificates):
        return table
    if isinstance(table, Dns):
        first = np.where(table.query_frame > 0, table.query_frame, table.answer_frame)
    elif isinstance(table, Icmp | Arp):
        first = table.frame
    else:
        first = table.flow
    return _taken(table, np.argsort(first, kind="stable"))


def _binned(rates: Rates, bin_ns: int) -> Rates:
    """Rates in bins of this width, in the order of flows and time."""
    start = rates.start_ns - rates.start_ns % bin_ns
    order = np.lexsort((start, rates.flow))
    flow, start = rates.flow[order], start[order]
    first = np.flatnonzero(np.append(True, (flow[1:] != flow[:-1]) | (start[1:] != start[:-1]))[: flow.size])
    sums = [np.add.reduceat(column[order], first) if first.size else column for column in rates[2:]]
    return Rates(flow[first], start[first], *sums)


def _claims(arp: Arp) -> Arp:
    """One row for each address and MAC: since when, until when, and how often at least."""
    key = np.array([f"{address} {mac}" for address, mac in zip(arp.address, arp.mac, strict=True)], dtype=object)
    if not key.size:
        return arp
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    made = {
        "start_ns": _over(np.minimum, arp.start_ns, group), "end_ns": _over(np.maximum, arp.end_ns, group),
        "frame": _over(np.minimum, arp.frame, group), "messages": _over(np.maximum, arp.messages, group),
    }  # fmt: skip
    table = _taken(arp, first)._replace(**made)
    return _taken(table, np.argsort(table.frame, kind="stable"))


def _over(choose: np.ufunc, column: Column, group: Column) -> Column:
    """Of each group the lowest or the highest value."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(group[order]) > 0))
    chosen: Column = choose.reduceat(column[order], starts)
    return chosen


def _distinct(table: T, key: Column) -> T:
    """The first row of each key, in the order of the rows."""
    if not key.size:
        return table
    _, first = np.unique(key.astype(str), return_index=True)
    return _taken(table, np.sort(first))


def _taken(table: T, rows: Column) -> T:
    """Some rows of a table."""
    return type(table)(*(column[rows] for column in table))  # type: ignore[attr-defined]


def _referring(table: Any, new: Any) -> Any:
    """A table whose references to flows are other numbers."""
    held = [column for column in REFERENCES if hasattr(table, column)]
    return table._replace(**{column: new(getattr(table, column)) for column in held})


def _named(seen: Observations) -> Observations:
    """Facts whose flows have the names that these facts tell, and the counts that follow from flows."""
    names, basis = name_flows(Sources(seen.flows, seen.dns, seen.tls, seen.http, seen.certificates, seen.quic))
    flows = seen.flows._replace(server_name=names, server_name_basis=basis)
    return replace(seen, flows=flows, quality=replace(seen.quality, **flow_counts(flows)))
