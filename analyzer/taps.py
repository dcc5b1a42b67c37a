"""What two captures of one site, one on either side of a firewall or proxy, say of each other's flows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np

from analyzer.observations import Observations
from analyzer.tables import I64, Column, Flows, Text


class Passage(StrEnum):
    """What became of a flow between two taps; empty for one that does not lead past the other tap."""

    NONE = ""
    SAME = "same"
    RELAYED = "relayed"
    OPENED = "opened"
    INSIDE_ONLY = "inside_only"
    OUTSIDE_ONLY = "outside_only"
    UNCLEAR = "unclear"


MEANINGS = {
    Passage.SAME: "it passes both taps unopened, with the same hellos where it is TLS",
    Passage.RELAYED: "a box between the taps ends the connection and passes on what is in it unopened",
    Passage.OPENED: "a box between the taps ends TLS and says a hello of its own outside",
    Passage.INSIDE_ONLY: "nothing of it comes out: it is stopped between the taps",
    Passage.OUTSIDE_ONLY: "it comes from elsewhere than the inside tap",
    Passage.UNCLEAR: "what was captured does not tell",
}


PAIR_COLUMNS: Mapping[str, str] = {
    "inside": "flow of the inside capture, -1 for none",
    "outside": "flow of the outside capture, -1 for none",
    "passage": "same, relayed, opened, inside_only, outside_only, unclear",
    "paired_by": "what the two flows have in common: hello, isn, payload, name, address",
    "delay_s": "from inside to outside by one clock, empty where unknown",
    "proto": "tcp or udp",
    "resp_h": "responder's address, inside where it was seen there",
    "resp_p": "responder's port",
    "server_name": "name of the responder",
    "inside_orig": "originator's address and port inside",
    "outside_orig": "originator's address and port outside",
}

TRANSPORTS = {6: "tcp", 17: "udp"}


class Pairs(NamedTuple):
    """One row per flow of the inside capture, then one per flow that is outside only."""

    inside: Annotated[I64, "row of Flows of the inside capture, -1 for none"]
    outside: Annotated[I64, "row of Flows of the outside capture, -1 for none"]
    passage: Annotated[Text, "same, relayed, opened, inside_only, outside_only, unclear; empty for what stays inside"]
    paired_by: Annotated[Text, "hello, isn, payload, name, address: what the two have in common; empty for no pair"]
    delay_ns: Annotated[I64, "from inside to outside, by one clock, -1 unknown or before"]


class Clock(NamedTuple):
    """How the outside clock stands to the inside one: outside = inside + offset + drift times the time since `at_ns`.

    offset_ns  and its uncertainty spread_ns (half the middle half of what single flows say)
    drift      in parts of one; 0 where the capture is too short to tell
    flows      how many flows tell so; 0: nothing does, and nothing is concluded from times
    told_by    unchanged: flows that no box ends; hello: the same hello on both sides
    """

    offset_ns: int
    spread_ns: int
    drift: float
    at_ns: int
    flows: int
    told_by: str

    def inside(self, outside_ns: int) -> int:
        """A time of the outside clock by the inside one, in ns."""
        passed = outside_ns - self.offset_ns - self.at_ns
        return outside_ns - self.offset_ns - round(self.drift * passed)


class Crossing(NamedTuple):
    """What became of a flow at the other tap: its passage, its row there (-1 for none), and what the two share."""

    passage: Passage
    other: int
    by: str


class Across(NamedTuple):
    """One side as the other one sees it: what was captured there, and per flow what became of it.

    border  whether a NAT or a router between the two taps shows
    """

    there: Observations
    flows: Mapping[int, Crossing]
    border: bool


class Taps(NamedTuple):
    """The two captures, their flows laid side by side, their clocks, and whether a border between them shows."""

    inside: Observations
    outside: Observations
    pairs: Pairs
    clock: Clock
    border: bool

    def from_inside(self) -> Across:
        """What the outside capture tells of the inside one's flows."""
        return Across(self.outside, _crossings(self.pairs, self.pairs.inside, self.pairs.outside), self.border)

    def from_outside(self) -> Across:
        """What the inside capture tells of the outside one's flows."""
        return Across(self.inside, _crossings(self.pairs, self.pairs.outside, self.pairs.inside), self.border)


def side_by_side(taps: Taps) -> list[tuple[object, ...]]:
    """The flows that lead past the other tap, with the columns of PAIR_COLUMNS."""
    rows: list[tuple[object, ...]] = []
    pairs, here, there = taps.pairs, taps.inside.flows, taps.outside.flows
    for at in np.flatnonzero(pairs.passage != "").tolist():
        one, other = int(pairs.inside[at]), int(pairs.outside[at])
        flows, row = (here, one) if one >= 0 else (there, other)
        delay = int(pairs.delay_ns[at])
        whom = TRANSPORTS[int(flows.proto[row])], flows.resp_h[row], int(flows.resp_p[row]), flows.server_name[row]
        ends = _end(here, one), _end(there, other)
        how = pairs.passage[at], pairs.paired_by[at], delay / 1e9 if delay >= 0 else None
        rows.append((one, other, *how, *whom, *ends))
    return rows


def _end(flows: Flows, row: int) -> str:
    """Address and port of a flow's originator, empty for none."""
    return f"{flows.orig_h[row]}:{flows.orig_p[row]}" if row >= 0 else ""


def summary(taps: Taps) -> dict[str, object]:
    """How the clocks of two taps stand to each other, and how many flows pass how."""
    clock = taps.clock
    told = {"offset_s": clock.offset_ns / 1e9, "spread_s": clock.spread_ns / 1e9, "drift_ppm": clock.drift * 1e6}
    counts = {passage.value: int((taps.pairs.passage == passage.value).sum()) for passage in MEANINGS}
    return {"clock": {**told, "flows": clock.flows, "told_by": clock.told_by}, "passages": counts}


def _crossings(pairs: Pairs, here: Column, there: Column) -> dict[int, Crossing]:
    rows = zip(here.tolist(), there.tolist(), pairs.passage.tolist(), pairs.paired_by.tolist(), strict=True)
    return {flow: Crossing(Passage(what), other, by) for flow, other, what, by in rows if flow >= 0}
