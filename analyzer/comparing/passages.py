"""Pairs of flows become passages: what became of each flow between the two taps."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.comparing.cover import Cover, listened, routers
from analyzer.comparing.pairing import EARLY_NS, LATE_NS, TCP, Pair, Sides
from analyzer.tables import from_rows
from analyzer.taps import Clock, Pairs, Passage

ANSWERED_EARLY = 0.6
"""A SYN-ACK that takes less than this share of the outside tap's own is not the server's: that is further away."""

NEXT_DOOR_NS, ON_THE_SITE = 1_000_000, 2
"""Who answers within this, over so many routers, is on the site."""

AHEAD_NS, ANEW_NS = 250_000_000, 3_000_000_000
"""When a box says its own hello: hardly before the client's (clocks err), and not much later."""


def passages(sides: Sides, pairs: Sequence[Pair], clock: Clock) -> Pairs:
    """The passage of every flow that leads past the other tap; all unclear where the clocks are not known."""
    cover = Cover(sides, pairs, clock)
    crossing = _Crossing(sides, pairs, cover, clock)
    told = {pair.inside: crossing.passage(pair) if clock.flows else Passage.UNCLEAR for pair in pairs}
    by_inside = {pair.inside: pair for pair in pairs}
    unsure = [flow for flow in sides.inside.rows if told.get(flow, Passage.UNCLEAR) is Passage.UNCLEAR]
    protos = sides.inside.seen.flows.proto
    elsewhere = frozenset(int(protos[flow]) for flow in unsure if cover.answered_unseen(flow))
    carried = set(sides.inside.rows)
    rows: list[tuple[object, ...]] = []
    for flow in range(len(protos)):
        pair = by_inside.get(flow)
        if pair is None:
            left = cover.stopped(flow, elsewhere) if flow in carried else Passage.NONE
            rows.append((flow, -1, left.value, "", -1))
        else:
            rows.append((flow, pair.outside, told[flow].value, pair.by, max(crossing.delay(pair), -1)))
    starts = sides.outside.seen.flows.start_ns
    used = {pair.outside for pair in pairs}
    left_over = [flow for flow in sides.outside.rows if flow not in used and clock.flows]
    alone = [flow for flow in left_over if listened(sides.inside, clock.inside(int(starts[flow])))]
    rows += [(-1, flow, Passage.OUTSIDE_ONLY.value, "", -1) for flow in alone]
    return from_rows(Pairs, rows)


class _Crossing:
    """What becomes of flows that were seen on both sides."""

    def __init__(self, sides: Sides, pairs: Sequence[Pair], cover: Cover, clock: Clock) -> None:
        self.sides = sides
        self.cover = cover
        self.clock = clock
        self.mute = self._mute({pair.outside for pair in pairs if pair.sure})
        paired = {pair.inside for pair in pairs}
        alone = (flow for flow in sides.inside.rows if flow not in paired)
        self.elsewhere = bool(clock.flows) and any(cover.answered_unseen(flow) for flow in alone if self._is_tcp(flow))
        used = {pair.outside for pair in pairs}
        self.visitors = {
            sides.outside.name(flow) for flow in sides.outside.rows if flow not in used and sides.outside.hello(flow)
        }

    def _is_tcp(self, flow: int) -> bool:
        return bool(self.sides.inside.seen.flows.proto[flow] == TCP)

    def _mute(self, sure: set[int]) -> dict[Hashable, tuple[list[int], list[int]]]:
        """By place and by name the lives of outside flows that were answered and whose hello was not seen.

        When they begin, in order, and by when the last of those so far has ended.
        """
        outside = self.sides.outside
        flows = outside.seen.flows
        made: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
        for flow in outside.rows:
            if flow not in sure and not outside.hello(flow) and (flows.resp_packets[flow] or flows.midstream[flow]):
                life = self.clock.inside(int(flows.start_ns[flow])), self.clock.inside(int(flows.end_ns[flow]))
                for key in {outside.place(flow), outside.name(flow)} - {""}:
                    made[key].append(life)
        lives = ((key, sorted(held)) for key, held in made.items())
        return {
            key: ([start for start, _ in held], list(itertools.accumulate((end for _, end in held), max)))
            for key, held in lives
        }

    def delay(self, pair: Pair) -> int:
        """How much later a pair's flow was seen outside, in ns by one clock."""
        here, there = self.sides.moments(pair)
        return self.clock.inside(there) - here

    def passage(self, pair: Pair) -> Passage:
        """What became of a flow that was seen on both sides."""
        inside, outside = self.sides.inside, self.sides.outside
        hellos = inside.hello(pair.inside), outside.hello(pair.outside)
        answers = inside.answer(pair.inside), outside.answer(pair.outside)
        if all(hellos):
            if hellos[0] != hellos[1] or (all(answers) and answers[0] != answers[1]):
                certain = self.sides.same_numbers(pair) or self._is_said_anew(pair)
                return Passage.OPENED if answers[0] and certain else Passage.UNCLEAR
            return Passage.RELAYED if self._is_ended(pair) else Passage.SAME
        if pair.inside in inside.session:
            return Passage.UNCLEAR  # a box may change hellos in a connection that it does not end
        if pair.sure or pair.by == "payload":
            return Passage.RELAYED if self._is_ended(pair) else Passage.SAME
        return Passage.RELAYED if self._is_ended(pair) and self._is_answered_early(pair) else Passage.UNCLEAR

    def _is_ended(self, pair: Pair) -> bool:
        """Whether a box ends the connection: it has numbers of its own, and answers before the server can have.

        Some firewalls change sequence numbers as they pass; then the SYN-ACK takes as long inside as outside.
        """
        here, there = self.sides.inside.seen.flows, self.sides.outside.seen.flows
        if not self.sides.other_numbers(pair) or here.synack_ns[pair.inside] < 0:
            return False
        return here.resp_h[pair.inside] != there.resp_h[pair.outside] or self._is_answered_early(pair)

    def _is_answered_early(self, pair: Pair) -> bool:
        """Whether the answer inside took clearly less time than the one that the outside tap saw."""
        here, there = self.sides.inside.seen.flows, self.sides.outside.seen.flows
        trips = int(here.synack_ns[pair.inside]), int(there.synack_ns[pair.outside])
        return min(trips) >= 0 and trips[0] < ANSWERED_EARLY * trips[1]

    def _is_said_anew(self, pair: Pair) -> bool:
        """Whether a flow of the same name is the same session, said anew by a box that ends the connection inside.

        Another host's session may be to the same name at the same moment, while this one went another way or was not
        captured: so the box must show by itself, and no flow outside may be one whose hello was missed.
        """
        inside = self.sides.inside
        flows = inside.seen.flows
        start = int(flows.start_ns[pair.inside])
        if flows.midstream[pair.inside] or not self.cover.holds(start):
            return False
        asked = inside.asked_proxy(pair.inside)
        ahead = max(self.sides.moments(pair)[0] - start, AHEAD_NS) if asked else AHEAD_NS
        return (
            -ahead <= self.delay(pair) <= ANEW_NS
            and (asked or self._is_box(pair))
            and not self.elsewhere
            and inside.name(pair.inside) not in self.visitors
            and self._is_whole(pair)
            and not self._may_be_mute(pair)
        )

    def _is_whole(self, pair: Pair) -> bool:
        """Whether the outside capture would show what became of a session."""
        place = self.sides.outside.place(pair.outside)
        return self.cover.is_whole(*place[1:])

    def _is_box(self, pair: Pair) -> bool:
        """Whether somebody on the site answers for the server: a proxy that was asked to, or one that shows it.

        It answers at once, where the server needs longer; or from the tap's own network, where the server is beyond a
        router even of the outside tap. Another way out may be so fast, but not so short.
        """
        here, there = self.sides.inside.seen.flows, self.sides.outside.seen.flows
        if here.proto[pair.inside] == TCP and not self.sides.other_numbers(pair):
            return False
        ttls = int(here.resp_ttl_high[pair.inside]), int(there.resp_ttl_high[pair.outside])
        if min(ttls) <= 0:
            return False
        near, far = routers(ttls[0]), routers(ttls[1])
        if self._is_answered_early(pair) and here.synack_ns[pair.inside] <= NEXT_DOOR_NS and near <= ON_THE_SITE:
            return True
        return addresses.reach(here.resp_h[pair.inside]) is Reach.PUBLIC and near == 0 < far

    def _may_be_mute(self, pair: Pair) -> bool:
        """Whether an outside flow whose hello was not seen may be what became of the inside one."""
        inside, outside = self.sides.inside, self.sides.outside
        said = inside.moment(pair.inside)
        alike = inside.place(pair.inside), outside.place(pair.outside), inside.name(pair.inside)
        for key in alike:
            starts, ends = self.mute.get(key, ([], []))
            begun = bisect.bisect_right(starts, said + LATE_NS)
            if begun and ends[begun - 1] >= said - EARLY_NS:
                return True
        return False
