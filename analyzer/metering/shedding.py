"""Flows leave the tables of a sweep, so that it can go on for weeks; those that stay are numbered anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analyzer.kernels import flows as fl
from analyzer.kernels.flows import rehash
from analyzer.kernels.headers import TCP
from analyzer.settings import Settings

if TYPE_CHECKING:
    from analyzer.metering.sweep import Tables

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

NUMBER = 0xFFFFFFFF  # the bits of a slot that hold a flow's number


def over(tables: Tables, settings: Settings) -> Mask:
    """Which flows no frame will join any more: silent for as long as ends one, or closed and silent since."""
    count = int(tables.counters[fl.FLOWS])
    flows = tables.flows[:count]
    a, b = tables.sides[0 : 2 * count : 2], tables.sides[1 : 2 * count : 2]
    silence = int(tables.counters[fl.LAST_NS]) - flows["end_ns"]
    is_tcp = flows["proto"] == TCP
    closed = is_tcp & ((flows["rst_frame"] > 0) | ((a["fins"] > 0) & (b["fins"] > 0)))
    idle = np.where(is_tcp, settings.tcp_idle_s, settings.udp_idle_s)
    idle = np.where(closed, settings.closed_s, idle).astype(np.int64)
    silent: Mask = silence > idle * 1_000_000_000
    return silent


def unanswered(tables: Tables) -> Mask:
    """Which flows are attempts only: TCP that nobody answered, without payload."""
    count = int(tables.counters[fl.FLOWS])
    flows = tables.flows[:count]
    a, b = tables.sides[0 : 2 * count : 2], tables.sides[1 : 2 * count : 2]
    alone = (a["packets"] == 0) | (b["packets"] == 0)
    attempts: Mask = (flows["proto"] == TCP) & alone & (a["payload"] + b["payload"] == 0)
    return attempts


def expendable(tables: Tables) -> npt.NDArray[np.int64]:
    """All flows, those first that are missed least: attempts without answer, those of a crowd before others.

    A crowd are attempts at one address and port, or from one address, as a flood or a scan makes them; within it, and
    among flows that are no attempts, what was seen last comes last.
    """
    count = int(tables.counters[fl.FLOWS])
    flows = tables.flows[:count]
    attempts = unanswered(tables)
    by_a = flows["orig"] == 0
    orig = np.where(by_a, flows["a_lo"] ^ flows["a_hi"], flows["b_lo"] ^ flows["b_hi"])
    resp = np.where(by_a, flows["b_lo"] ^ flows["b_hi"], flows["a_lo"] ^ flows["a_hi"])
    port = np.where(by_a, flows["b_port"], flows["a_port"]).astype(np.int64)
    crowd = np.maximum(_sharing(resp ^ port << 40, attempts), _sharing(orig, attempts))
    crowded = np.where(attempts, np.log2(np.maximum(crowd, 1)).astype(np.int64), 0)
    return np.lexsort((flows["last_frame"], -crowded, ~attempts)).astype(np.int64)


def _sharing(key: Array, among: Mask) -> npt.NDArray[np.int64]:
    """Of how many rows `among` them each one shares its key; 0 of the others."""
    made = np.zeros(key.size, np.int64)
    _, group, counts = np.unique(key[among], return_inverse=True, return_counts=True)
    made[among] = counts[group]
    return made


def shed(tables: Tables, goes: Mask) -> tuple[Tables, npt.NDArray[np.int64]]:
    """The tables without the flows that go, and the new number of each flow, -1 of those gone.

    What they handed to the dissectors and is not read yet goes as well.
    """
    c = tables.counters
    count = int(c[fl.FLOWS])
    stays = ~goes
    moved = np.where(stays, np.cumsum(stays) - 1, -1).astype(np.int64)
    left = int(stays.sum())
    both = np.repeat(stays, 2)
    tables.flows[:left] = tables.flows[:count][stays]
    tables.sides[: 2 * left] = tables.sides[: 2 * count][both]
    tables.histories[:left] = tables.histories[:count][stays]
    c[fl.FLOWS] = left
    _free_gaps(tables)
    for name, counter in (("rates", fl.RATES), ("segments", fl.SEGMENTS), ("errors", fl.ERRORS)):
        table = getattr(tables, name)
        kept = renumbered(table[: c[counter]], moved)
        table[: kept.size] = kept
        c[counter] = kept.size
    return tables._replace(slots=_slots(tables, moved)), moved


def renumbered(rows: Array, moved: npt.NDArray[np.int64]) -> Array:
    """The rows of flows that stay, by their new numbers; a quoted flow that is gone is not known any more."""
    kept: Array = rows[moved[rows["flow"]] >= 0]
    kept["flow"] = moved[kept["flow"]]
    if "quoted" in (kept.dtype.names or ()):
        kept["quoted"] = np.where(kept["quoted"] >= 0, moved[kept["quoted"]], -1)
    return kept


def _free_gaps(tables: Tables) -> None:
    """Give back the gaps that no side has any more."""
    c = tables.counters
    pool = tables.gaps[: c[fl.GAPS]]
    used = np.zeros(pool.size, np.bool_)
    at = tables.sides["gap"][: 2 * c[fl.FLOWS]]
    at = at[at >= 0]
    while at.size:
        used[at] = True
        at = pool["next"][at]
        at = at[at >= 0]
    free = np.flatnonzero(~used)
    pool["next"][free] = np.append(free[1:], -1)[: free.size]
    c[fl.GAP_FREE] = free[0] if free.size else -1


def _slots(tables: Tables, moved: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The hash table of the flows that stay."""
    old = tables.slots
    taken = old >= 0
    number = np.where(taken, moved[np.where(taken, old & NUMBER, 0)] if moved.size else -1, -1)
    kept = np.where(number >= 0, old & ~NUMBER | number, -1)
    slots = np.full(old.size, -1, np.int64)
    rehash(kept, slots, tables.flows, int(tables.counters[fl.SEED]))
    return slots
