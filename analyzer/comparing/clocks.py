"""Two taps have two clocks: what passed both tells how they stand to each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analyzer.comparing.pairing import TCP, Pair, Sides
from analyzer.taps import Clock

LEAST_FLOWS = 8
LEAST_SPAN_NS = 60_000_000_000
MOST_DRIFT = 500e-6
"""Clocks of computers are within 100 ppm (RFC 5905 section 5: 15 ppm are tolerated of disciplined ones)."""

AGREED_NS = 1_000_000_000
NAMED_FLOWS, KEPT_NS = 3, 10_000_000_000
"""Names alone tell where the clocks all but agree, as those of computers that take the time from the network do: the
same names come at other times as well, and captures of different times would be taken for one."""

UNKNOWN = Clock(0, 0, 0.0, 0, 0, "")
BIN_NS = 500_000_000
MOST_SAMPLES = 400


class Sample(NamedTuple):
    """The same event by both clocks, in ns."""

    inside_ns: int
    outside_ns: int


def read_clock(sides: Sides, pairs: Sequence[Pair]) -> Clock:
    """The clock of the outside tap, from pairs that are certain; else from the order in which names come."""
    unchanged = [pair for pair in pairs if _is_unchanged(sides, pair)]
    for told_by, chosen in (("unchanged", unchanged), ("hello", [pair for pair in pairs if pair.by == "hello"])):
        moments = [(sides.inside.moment(pair.inside), sides.outside.moment(pair.outside)) for pair in chosen]
        clock = fitted([Sample(*both) for both in moments], told_by) if moments else UNKNOWN
        if any(pair.by != "payload" for pair in chosen) or (len(chosen) > 1 and clock.spread_ns <= AGREED_NS):
            return clock
    samples = _by_names(sides)
    clock = fitted(samples, "name") if samples else UNKNOWN
    sure = clock.flows >= NAMED_FLOWS and clock.spread_ns <= AGREED_NS and abs(clock.offset_ns) <= KEPT_NS
    return clock if sure else UNKNOWN


def _is_unchanged(sides: Sides, pair: Pair) -> bool:
    """Whether a flow passes with what its sender wrote: no box that takes its time ends it."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    if here.proto[pair.inside] != TCP:
        return pair.by == "payload"
    return 0 <= int(here.orig_isn[pair.inside]) == int(there.orig_isn[pair.outside])


def fitted(samples: Sequence[Sample], told_by: str) -> Clock:
    """Offset and drift by the median of what samples say (Theil and Sen's slope); a relay's delay counts as offset."""
    chosen = sorted(samples)[:: max(len(samples) // MOST_SAMPLES, 1)]
    inside = np.array([sample.inside_ns for sample in chosen], np.int64)
    ahead = np.array([sample.outside_ns for sample in chosen], np.int64) - inside
    since = inside - inside[0]
    drift = 0.0
    if len(chosen) >= LEAST_FLOWS and since[-1] >= LEAST_SPAN_NS:
        one, other = np.triu_indices(len(chosen), 1)
        apart = since[other] - since[one]
        far = apart >= since[-1] // 4
        slope = float(np.median((ahead[other] - ahead[one])[far] / apart[far]))
        drift = slope if abs(slope) <= MOST_DRIFT else 0.0
    left = ahead - np.rint(drift * since).astype(np.int64)
    quarter, middle, three = np.percentile(left, [25, 50, 75])
    return Clock(int(middle), int((three - quarter) / 2), drift, int(inside[0]), len(chosen), told_by)


def _by_names(sides: Sides) -> list[Sample]:
    """Flows of one name, paired so that as many as possible are equally far apart in time."""
    there: dict[str, list[int]] = defaultdict(list)
    for flow in sides.outside.rows:
        if name := sides.outside.name(flow):
            there[name].append(sides.outside.moment(flow))
    votes: Counter[int] = Counter()
    found: dict[int, list[Sample]] = defaultdict(list)
    for flow in sides.inside.rows:
        at = sides.inside.moment(flow)
        for when in there.get(sides.inside.name(flow), ())[:MOST_SAMPLES]:
            place = (when - at) // BIN_NS
            votes[place] += 1
            found[place].append(Sample(at, when))
    if not votes:
        return []
    best = max(votes, key=lambda place: (votes[place] + votes[place + 1], -abs(place)))
    return [*found[best], *found[best + 1]] if votes[best] + votes[best + 1] > 1 else []
