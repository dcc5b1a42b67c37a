"""Which side of a border each tap is on: told by addresses that a NAT changes, and by routers that are passed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.comparing.pairing import Pair, Sides
from analyzer.errors import AnalyzerError


class SidesError(AnalyzerError):
    """Captures that are not of the two sides of something."""


def has_border(sides: Sides, pairs: Sequence[Pair]) -> bool:
    """Whether pairs that are sure show a NAT or a router between the taps; a bridge shows nothing.

    Raises SidesError for one capture that is given twice, and for sides that are given in the wrong order.
    """
    sure = [pair for pair in pairs if pair.sure]
    if sure and _are_one(sides):
        raise SidesError("inside and outside are the same capture: give one of each side")
    out, back = (sum(_leads_out(sides, pair, back=back) for pair in sure) for back in (False, True))
    if back > out:
        raise SidesError("inside and outside seem to be swapped: what is private there has a public address here")
    return out > 0


def _are_one(sides: Sides) -> bool:
    """Whether both captures hold the same flows at the same moments, from the same interfaces."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    if len(here.proto) != len(there.proto):
        return False
    columns = ("orig_h", "resp_h", "orig_p", "resp_p", "start_ns", "end_ns", "orig_ttl", "orig_mac")
    return all(np.array_equal(getattr(here, name), getattr(there, name)) for name in columns)


def _leads_out(sides: Sides, pair: Pair, *, back: bool) -> bool:
    """Whether a pair's flow goes out of the site from the inside tap to the outside one; the other way, if `back`."""
    ends = [(sides.inside.seen.flows, pair.inside), (sides.outside.seen.flows, pair.outside)]
    (here, one), (there, other) = ends[::-1] if back else ends
    first, second = here.orig_h[one], there.orig_h[other]
    if first != second:
        return _is_local(first) and not _is_local(second)
    fewer_left = here.orig_ttl[one] > there.orig_ttl[other] > 0
    return bool(fewer_left) and _is_local(first) and not _is_local(here.resp_h[one])


def _is_local(address: str) -> bool:
    return addresses.reach(address) is Reach.LOCAL
