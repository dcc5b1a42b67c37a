"""Two taps have two clocks: what passed both tells how they stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analyzer.comparing.pairing import TCP, Pair, Sides
from analyzer.taps import Clock

LEAST_FLOWS = 8
LEAST_SPAN_NS = 60_000_000_000
MOST_DRIFT = 500e-6
"""Clocks of computers are within 100 ppm (RFC 5905 section 5: 15 ppm are tolerated of disciplined ones)."""

AGREED_NS = 250_000_000
MARKS, KEPT_NS = 3, 10_000_000_000
"""Sequence numbers of one side, and questions, come again in another recording: of a device that begins alike each
time, or of one that never changes them. Several different ones must agree, by clocks that all but agree, as those of
computers that take the time from the network do."""

MOST_PASS = 0.5
"""Where a clock is right, this share at least of what has such marks is found on the other side."""

UNKNOWN = Clock(0, 0, 0.0, 0, 0, "")
MOST_SAMPLES = 400


class Sample(NamedTuple):
    """The same event by both clocks, in ns."""

    inside_ns: int
    outside_ns: int


def read_clock(sides: Sides, pairs: Sequence[Pair]) -> Clock:
    """The clock of the outside tap, from pairs that are certain; `UNKNOWN` where they do not show it.

    A hello and its answer are said once in the world, and so are the sequence numbers of both ends of a connection.
    What else is alike is believed of several flows together. Names tell nothing: the same ones come at other times, and
    elsewhere.
    """
    unchanged = [pair for pair in pairs if _is_unchanged(sides, pair)]
    for told_by, chosen in (("unchanged", unchanged), ("hello", [pair for pair in pairs if pair.by == "hello"])):
        clock = _fit(sides, chosen, told_by)
        if clock.flows and (any(_is_unique(sides, pair) for pair in chosen) or _do_agree(sides, chosen, clock)):
            return clock
    return UNKNOWN


def _fit(sides: Sides, pairs: Sequence[Pair], told_by: str) -> Clock:
    """The clock that pairs tell: those that are unique, where there are any, and what agrees with them."""
    unique = [pair for pair in pairs if _is_unique(sides, pair)]
    if unique:
        first = fitted([Sample(*sides.moments(pair)) for pair in unique], told_by)
        pairs = [pair for pair in pairs if _agrees(sides, pair, first)] or unique
    return fitted([Sample(*sides.moments(pair)) for pair in pairs], told_by) if pairs else UNKNOWN


def _agrees(sides: Sides, pair: Pair, clock: Clock) -> bool:
    """Whether a pair's moments are one by a clock."""
    here, there = sides.moments(pair)
    return abs(clock.inside(there) - here) <= AGREED_NS


def _is_unique(sides: Sides, pair: Pair) -> bool:
    """Whether no other flow in the world has what these two have in common: said once, and answered once."""
    answers = sides.inside.answer(pair.inside), sides.outside.answer(pair.outside)
    return sides.same_numbers(pair) or (pair.by == "hello" and all(answers) and answers[0] == answers[1])


def _is_unchanged(sides: Sides, pair: Pair) -> bool:
    """Whether a flow passes with what its sender wrote: no box that takes its time ends it."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    if here.proto[pair.inside] != TCP:
        return pair.by == "payload"
    return 0 <= int(here.orig_isn[pair.inside]) == int(there.orig_isn[pair.outside])


def _do_agree(sides: Sides, pairs: Sequence[Pair], clock: Clock) -> bool:
    """Whether pairs that are not unique agree on a clock: several different ones, most of what has such marks."""
    if abs(clock.offset_ns) > KEPT_NS:
        return False
    agreeing = [pair for pair in pairs if _agrees(sides, pair, clock)]
    marks = {
        sides.inside.hello(pair.inside) if pair.by == "hello" else sides.inside.mark(pair.inside) for pair in agreeing
    }
    if len(marks) < MARKS:
        return False
    spans = [(clock.inside(capture.start_ns), clock.inside(capture.end_ns)) for capture in sides.outside.seen.captures]
    inside, places = sides.inside, {sides.inside.place(pair.inside) for pair in agreeing}
    alike = 0
    for flow in inside.rows:
        start = int(inside.seen.flows.start_ns[flow])
        covered = any(first <= start <= last for first, last in spans)
        alike += covered and inside.place(flow) in places and inside.mark(flow) is not None
    return len(agreeing) >= MOST_PASS * alike


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
