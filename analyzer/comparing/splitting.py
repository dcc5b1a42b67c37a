"""One capture with both taps in it becomes two: what the site's hosts open, and what comes out of its NAT or proxy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.comparing.sidedness import SidesError
from analyzer.observations import REFERENCES, TABLES, Observations
from analyzer.tables import columns


def split(seen: Observations, nat: Iterable[str] = ()) -> tuple[Observations, Observations]:
    """Inside and outside of one capture.

    nat  addresses behind which the site's hosts appear outside; every public address that opens flows to another
         public one is taken for such

    Raises SidesError where no flow comes from such an address, or none from another.
    """
    stated = set(nat)
    flows = seen.flows
    ends = zip(flows.orig_h, flows.resp_h, strict=True)
    outer = np.array([orig in stated or (_is_public(orig) and _is_public(resp)) for orig, resp in ends], np.bool_)
    inner = ~outer & np.array([not _is_public(orig) for orig in flows.orig_h], np.bool_)
    if not outer.any() or not inner.any():
        raise SidesError("one capture alone is compared where it holds both sides of a NAT; else give two")
    return _only(seen, inner), _only(seen, outer)


def _only(seen: Observations, mask: npt.NDArray[np.bool_]) -> Observations:
    """The facts of some flows, numbered anew; what belongs to no flow stays."""
    number = np.full(mask.size, -1, np.int64)
    number[mask] = np.arange(int(mask.sum()))
    made: dict[str, Any] = {}
    for name, kind in TABLES.items():
        table = getattr(seen, name)
        if name == "flows":
            kept = mask
        elif "flow" in columns(kind):
            kept = mask[table.flow]
        else:
            made[name] = table
            continue
        cells = {column: getattr(table, column)[kept] for column in columns(kind)}
        for column in REFERENCES.keys() & cells:
            there = cells[column] >= 0
            cells[column] = np.where(there, number[cells[column] * there], -1)
        made[name] = kind(**cells)
    return replace(seen, **made)


def _is_public(address: str) -> bool:
    return addresses.reach(address) is Reach.PUBLIC
