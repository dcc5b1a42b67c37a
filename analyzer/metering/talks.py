"""What a sweep kept of a flow's first octets becomes conversations, as the dissectors take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analyzer.conversations import Conversation, Message, Stream
from analyzer.kernels import streams
from analyzer.kernels.headers import TCP

if TYPE_CHECKING:
    from analyzer.metering.sweep import Tables

Array = npt.NDArray[Any]

DHCP_PORTS = (67, 68)
PORTION = 64
"""Datagrams of a conversation at most. No dissector looks at more; of DHCP, whose every message counts, more follow."""

NOTHING = np.zeros(0, np.uint8)


def groups_of(tables: Tables, segments: Array, rest: Array) -> tuple[Array, Array]:
    """The segments `rest` in order of flow, side and place, and the groups that they form."""
    keys = np.empty(rest.size, np.int64)
    chosen = segments[rest]
    streams.sort_keys(chosen, tables.flows, tables.sides, keys)
    order = rest[np.argsort(keys, kind="stable")]
    groups = np.zeros(order.size, streams.GROUP)
    count = streams.group(segments, order, tables.flows, groups)
    return order, groups[:count]


def portions(tables: Tables, segments: Array, rest: Array) -> tuple[Array, Array]:
    """Of the datagrams among `rest`: those that make whole portions of DHCP, and those that no dissector looks at."""
    rest = rest[tables.flows["proto"][segments["flow"][rest]] != TCP]
    order = rest[np.argsort(segments["flow"][rest], kind="stable")]
    flow, first, group, count = np.unique(
        segments["flow"][order], return_index=True, return_inverse=True, return_counts=True
    )
    place = np.arange(order.size) - first[group]
    goes_on = _goes_on(tables.flows[flow])[group]
    whole = place < count[group] // PORTION * PORTION
    return order[goes_on & whole], order[~goes_on & (place >= PORTION)]


def _goes_on(flows: Array) -> npt.NDArray[np.bool_]:
    """Whose every message counts, so that what comes after the first portion is read as well."""
    on_port: npt.NDArray[np.bool_] = np.isin(flows["a_port"], DHCP_PORTS) & np.isin(flows["b_port"], DHCP_PORTS)
    return on_port


def conversations(
    tables: Tables, segments: Array, order: Array, groups: Array, joined: tuple[Array, Array] = (NOTHING, NOTHING)
) -> Iterator[Conversation]:
    """The groups as the dissectors take them; `joined` are the streams of TCP (out, marks of kernels/streams.py)."""
    out, marks = joined
    for g, goes_on in zip(groups, _goes_on(tables.flows[groups["flow"]]), strict=True):
        flow = int(g["flow"])
        row = tables.flows[flow]
        ports = (int(row["a_port"]), int(row["b_port"]))
        flip = bool(row["orig"])
        orig_p, resp_p = ports[::-1] if flip else ports
        if g["proto"] == TCP:
            first, split, last = int(g["first"]), int(g["split"]), int(g["last"])
            a = _stream(out[g["a_at"] : g["a_end"]], segments, order[first:split], marks[first:split])
            b = _stream(out[g["b_at"] : g["b_end"]], segments, order[split:last], marks[split:last])
            orig, resp = (b, a) if flip else (a, b)
            yield Conversation(flow, TCP, orig_p, resp_p, orig, resp)
            continue
        first = int(g["first"])
        last = int(g["last"]) if goes_on else min(int(g["last"]), first + PORTION)
        for at in range(first, last, PORTION):
            kept = segments[order[at : min(at + PORTION, last)]]
            messages = tuple(
                Message(int(s["ts_ns"]), int(s["frame"]), bool(s["side"]) == flip, _octets_of(tables.arena, s))
                for s in kept
            )
            yield Conversation(flow, int(g["proto"]), orig_p, resp_p, messages=messages)


def _octets_of(arena: Array, segment: Any) -> bytes:
    """The octets of one kept segment."""
    at = int(segment["at"])
    return bytes(arena[at : at + int(segment["octets"])])


def _stream(octets: Array, segments: Array, order: Array, marks: Array) -> Stream:
    """One direction with the frames that gave it."""
    used = np.flatnonzero(marks >= 0)
    kept = segments[order[used]]
    rows = zip(marks[used].tolist(), kept["ts_ns"].tolist(), kept["frame"].tolist(), strict=True)
    return Stream(octets.tobytes(), tuple(rows))
