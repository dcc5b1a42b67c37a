"""Pairs of flows become passages: what became of each flow between the two taps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.comparing.pairing import TCP, UDP, Pair, Side, Sides
from analyzer.tables import from_rows
from analyzer.taps import Clock, Pairs, Passage

MARGIN_NS = 1_000_000_000
"""How long a firewall or proxy may take to pass on what opens a connection."""

ANSWERED_EARLY = 0.6
"""A SYN-ACK that takes less than this share of the outside tap's own is not the server's: that is further away."""


ONE_WAY = 0.25
"""A share of one-sided flows from which on a capture may hold one direction only."""

CERTAIN = frozenset({"hello", "isn", "payload"})
"""What two flows have in common that no third one has."""

MANY_DROPS = 0.01
SURE_PACKETS = 3
SERVERS = 3
"""So many servers, over TCP and UDP, are seen by a tap without a filter."""

PLACES = re.compile(r"\b(?:host|net|src|dst|ether|not)\b|!", re.ASCII)
NUMBERS = re.compile(r"[0-9]+", re.ASCII)


def passages(sides: Sides, pairs: Sequence[Pair], clock: Clock) -> Pairs:
    """The passage of every flow that leads past the other tap."""
    rows: list[tuple[object, ...]] = []
    outward = _outward(sides, pairs)
    by_inside = {pair.inside: pair for pair in pairs}
    covered = _Cover(sides, clock)
    for flow in range(len(sides.inside.seen.flows.proto)):
        pair = by_inside.get(flow)
        if pair is None:
            left = covered.inside_only(flow) if flow in outward else Passage.NONE
            rows.append((flow, -1, left.value, "", -1))
            continue
        delay = clock.inside(sides.outside.moment(pair.outside)) - sides.inside.moment(flow)
        what = _passage(sides, pair) if clock.flows or pair.by in CERTAIN else Passage.UNCLEAR
        rows.append((flow, pair.outside, what.value, pair.by, max(delay, -1)))
    used = {pair.outside for pair in pairs}
    alone = [flow for flow in sides.outside.rows if flow not in used and covered.outside_only(flow)]
    rows += [(-1, flow, Passage.OUTSIDE_ONLY.value, "", -1) for flow in alone]
    return from_rows(Pairs, rows)


def _passage(sides: Sides, pair: Pair) -> Passage:
    """What became of a flow that was seen on both sides."""
    hello = sides.inside.hello(pair.inside), sides.outside.hello(pair.outside)
    answer = sides.inside.answer(pair.inside), sides.outside.answer(pair.outside)
    tls = pair.inside in sides.inside.session
    if all(hello):
        if hello[0] != hello[1]:
            return Passage.OPENED if answer[0] else Passage.UNCLEAR
        if all(answer) and answer[0] != answer[1]:
            return Passage.OPENED
    elif (tls or sides.inside.seen.flows.proto[pair.inside] == UDP) and pair.by not in CERTAIN:
        return Passage.UNCLEAR
    return Passage.RELAYED if _is_relayed(sides, pair) else Passage.SAME


def _is_relayed(sides: Sides, pair: Pair) -> bool:
    """Whether a box ends the connection: it has numbers of its own, and answers before the server can have.

    Some firewalls change sequence numbers as they pass; then the SYN-ACK takes as long inside as outside, and longer.
    """
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    if here.proto[pair.inside] != TCP:
        return False
    isns = (int(here.orig_isn[pair.inside]), int(there.orig_isn[pair.outside]))
    if min(isns) < 0 or isns[0] == isns[1]:
        return min(isns) < 0 and pair.by in {"name", "address"}
    trips = int(here.synack_ns[pair.inside]), int(there.synack_ns[pair.outside])
    if min(trips) >= 0 and here.resp_h[pair.inside] == there.resp_h[pair.outside]:
        return trips[0] < ANSWERED_EARLY * trips[1]
    return True


def _outward(sides: Sides, pairs: Sequence[Pair]) -> set[int]:
    """The inside flows that lead past the outside tap: to responders outside, or by name to whom others went there."""
    there = {sides.outside.place(flow)[0] for flow in sides.outside.rows}
    inside = sides.inside
    local = {inside.seen.flows.orig_h[flow] for flow in inside.rows}
    paired_servers = {inside.place(pair.inside)[0] for pair in pairs}
    beyond = there | (paired_servers - local)
    servers = {flow: inside.place(flow)[0] for flow in inside.rows}
    return {flow for flow, server in servers.items() if server in beyond or addresses.reach(server) is Reach.PUBLIC}


class _Cover:
    """When each tap listened, by the inside clock, and to what."""

    def __init__(self, sides: Sides, clock: Clock) -> None:
        self.sides = sides
        self.clock = clock
        self.inside = _spans(sides.inside)
        self.outside = [(clock.inside(start), clock.inside(end)) for start, end in _spans(sides.outside)]
        self.heard = {sides.outside.place(flow) for flow in sides.outside.rows}

    def inside_only(self, flow: int) -> Passage:
        """That a flow did not come out, where the outside tap listened all the while; else that nothing tells."""
        flows = self.sides.inside.seen.flows
        if not self.clock.flows or not _within(int(flows.start_ns[flow]), self.outside) or flows.midstream[flow]:
            return Passage.UNCLEAR
        unheard = not self._listens(flow) or _was_answered(self.sides.inside, flow)
        return Passage.UNCLEAR if unheard else Passage.INSIDE_ONLY

    def _listens(self, flow: int) -> bool:
        """Whether the outside capture would show such a flow: it holds both directions, and no filter leaves it out.

        A filter that the capture tells must speak of the port, and of no hosts but those that it shows. Where it tells
        none, other traffic of that port shows, or so many sorts that nobody can have picked them.
        """
        seen = self.sides.outside.seen
        server, port, proto = self.sides.inside.place(flow)
        quality = seen.quality
        packets = sum(capture.packets for capture in seen.captures)
        if quality.one_sided_share > ONE_WAY or (quality.kernel_drops or 0) > MANY_DROPS * packets:
            return False
        if quality.missed_octets and self.sides.inside.seen.flows.orig_packets[flow] < SURE_PACKETS:
            return False  # what it lost may have been all of so small a flow
        alike = any(held[1:] == (port, proto) for held in self.heard)
        if quality.filters:
            narrow = any(PLACES.search(text) for text in quality.filters)
            named = all(str(port) in NUMBERS.findall(text) for text in quality.filters)
            return (alike or named) and (not narrow or any(held[0] == server for held in self.heard))
        sorts = {held[1:] for held in self.heard}
        both = {proto for _, proto in sorts} == {TCP, UDP}
        return alike or (both and len({held[0] for held in self.heard}) >= SERVERS)

    def outside_only(self, flow: int) -> bool:
        """Whether the inside tap listened when an outside flow began."""
        start = self.clock.inside(int(self.sides.outside.seen.flows.start_ns[flow]))
        return bool(self.clock.flows) and _within(start, self.inside)


def _was_answered(side: Side, flow: int) -> bool:
    """Whether data came back: then it was let through, or answered by a box, on a way that passes no outside tap."""
    flows = side.seen.flows
    return bool(flows.resp_payload_octets[flow] > 0) if flows.proto[flow] == TCP else bool(flows.resp_packets[flow] > 0)


def _spans(side: Side) -> list[tuple[int, int]]:
    return [(capture.start_ns, capture.end_ns) for capture in side.seen.captures if capture.packets]


def _within(at_ns: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a flow that began then would have been seen, were it passed on within a moment."""
    return any(start <= at_ns <= end - MARGIN_NS for start, end in spans)
