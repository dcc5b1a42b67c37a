"""What the outside tap would have shown: only where it listened does it tell that a flow did not come out."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.comparing.pairing import EARLY_NS, LATE_NS, TCP, Pair, Side, Sides
from analyzer.taps import TRANSPORTS, Clock, Passage

MARGIN_NS = 1_000_000_000
"""How long a firewall or proxy may take to pass on what opens a connection."""

SILENT_NS = 10_000_000_000
"""Where the outside tap shows nothing at all for so long, it may not have listened."""

ONE_WAY = 0.25
"""A share of one-sided flows from which on a capture may hold one direction only."""

MANY_DROPS = 0.01
SURE_PACKETS = 3
SORTS = 5
"""So many ports are seen by a tap without a filter."""

SORT = r"(?:tcp|udp)|(?:(?:tcp|udp) )?port [0-9]{1,5}"
PLAIN = re.compile(rf"(?:{SORT})(?: or (?:{SORT}))*", re.ASCII)
"""A filter that can be read: transports and ports, one beside the other."""


class Cover:
    """When the outside tap listened, by the inside clock, and to what."""

    def __init__(self, sides: Sides, pairs: Sequence[Pair], clock: Clock) -> None:
        self.sides = sides
        self.clock = clock
        self.spans = [(clock.inside(start), clock.inside(end)) for start, end in _spans(sides.outside)]
        outside = sides.outside
        self.heard = {outside.place(flow) for flow in outside.rows}
        self.marks = {outside.mark(flow) for flow in outside.rows} - {None}
        self.bins = np.unique(outside.seen.rates.start_ns)
        self.border = _Border(sides, pairs)
        sure = {pair.outside for pair in pairs if pair.sure}
        self.begun: dict[tuple[int, int], list[int]] = defaultdict(list)
        for flow in outside.rows:
            if flow not in sure:
                start = clock.inside(int(outside.seen.flows.start_ns[flow]))
                self.begun[outside.place(flow)[1:]].append(start)
        for starts in self.begun.values():
            starts.sort()

    def holds(self, at_ns: int, still_ns: int = 0) -> bool:
        """Whether the outside tap listened at a moment of the inside clock, and so long after it still."""
        return any(start <= at_ns <= end - still_ns for start, end in self.spans)

    def answered_unseen(self, flow: int) -> bool:
        """Whether a flow that should pass the outside tap worked although that shows nothing which is surely it.

        It took another way, or was left out by a filter that the capture does not tell; what a box next door answers
        shows neither.
        """
        flows = self.sides.inside.seen.flows
        held = self.holds(int(flows.start_ns[flow]), MARGIN_NS) and not flows.midstream[flow]
        by_box = flows.resp_ttl_high[flow] and routers(int(flows.resp_ttl_high[flow])) == 0
        return bool(held and not by_box and self.border.leads_out(flow) and _was_answered(self.sides.inside, flow))

    def stopped(self, flow: int, elsewhere: frozenset[int]) -> Passage:
        """That a flow without a pair did not come out, where the outside tap would show it; else that nothing tells.

        elsewhere  transports of which other flows worked unseen
        """
        if not self.border.may_lead_out(flow):
            return Passage.NONE
        flows = self.sides.inside.seen.flows
        start = int(flows.start_ns[flow])
        told = (
            self.clock.flows
            and self.border.leads_out(flow)
            and int(flows.proto[flow]) not in elsewhere
            and self.holds(start, MARGIN_NS)
            and self._was_awake(start)
            and not flows.midstream[flow]
            and not flows.resp_synacks[flow]
            and not _was_answered(self.sides.inside, flow)
            and flows.orig_ttl_high[flow] > self.border.routers_between
            and self._listens(flow)
            and not self._may_be_another(flow, start)
        )
        return Passage.INSIDE_ONLY if told else Passage.UNCLEAR

    def _was_awake(self, at_ns: int) -> bool:
        """Whether the outside tap shows anything shortly before and after a moment of the inside clock."""
        ahead = at_ns - self.clock.inside(at_ns)
        at = at_ns + ahead
        before = np.searchsorted(self.bins, at - SILENT_NS) < np.searchsorted(self.bins, at, "right")
        after = np.searchsorted(self.bins, at) < np.searchsorted(self.bins, at + SILENT_NS, "right")
        return bool(before and after)

    def _may_be_another(self, flow: int, start_ns: int) -> bool:
        """Whether a flow outside may be this one, sent on to another address or port, or with other numbers."""
        mark = self.sides.inside.mark(flow)
        if mark is not None and mark in self.marks:
            return True
        starts = self.begun.get(self.sides.inside.place(flow)[1:], [])
        return bisect.bisect_left(starts, start_ns - EARLY_NS) < bisect.bisect_right(starts, start_ns + LATE_NS)

    def is_whole(self, port: int, proto: int) -> bool:
        """Whether the outside capture holds both directions, nearly all frames, and no filter leaves out a port."""
        seen = self.sides.outside.seen
        quality = seen.quality
        packets = sum(capture.packets for capture in seen.captures)
        if quality.one_sided_share > ONE_WAY or (quality.kernel_drops or 0) > MANY_DROPS * packets:
            return False
        return all(_lets_in(text, port, proto) for text in quality.filters)

    def _listens(self, flow: int) -> bool:
        """Whether the outside capture would show such a flow.

        A filter that the capture tells must be a plain list of ports with this one. Where it tells none, other traffic
        with that port shows, or so many ports that nobody can have picked them.
        """
        _, port, proto = self.sides.inside.place(flow)
        quality = self.sides.outside.seen.quality
        if quality.missed_octets and self.sides.inside.seen.flows.orig_packets[flow] < SURE_PACKETS:
            return False  # what it lost may have been all of so small a flow
        if not self.is_whole(port, proto):
            return False
        sorts = {place[1:] for place in self.heard}
        return bool(quality.filters) or (port, proto) in sorts or len(sorts) >= SORTS


class _Border:
    """Which inside flows lead past the outside tap: by their responder, and by the router that they pass."""

    def __init__(self, sides: Sides, pairs: Sequence[Pair]) -> None:
        self.inside = sides.inside
        flows = self.inside.seen.flows
        self.there = {sides.outside.place(flow)[0] for flow in sides.outside.rows}
        self.relays = {self.inside.place(pair.inside)[0] for pair in pairs} - self.there
        self.routers = {flows.resp_mac[pair.inside] for pair in pairs if not _comes_in(sides, pair)} - {""}
        self.routers_between = max([1, *(_routers_between(sides, pair) for pair in pairs if pair.sure)])
        self.macs: dict[str, set[str]] = defaultdict(set)
        for address, mac in zip(self.inside.seen.arp.address, self.inside.seen.arp.mac, strict=True):
            self.macs[address].add(mac)
        for flow in self.inside.rows:
            if flows.resp_mac[flow]:
                self.macs[flows.resp_h[flow]].add(flows.resp_mac[flow])

    def may_lead_out(self, flow: int) -> bool:
        """Whether a flow may pass the outside tap."""
        server = self.inside.place(flow)[0]
        beyond = server in self.there or server in self.relays or addresses.reach(server) is Reach.PUBLIC
        return beyond and not self._is_local(server)

    def leads_out(self, flow: int) -> bool:
        """Whether a flow passes the outside tap, if it is let: its server is beyond the routers of those that do.

        What is tried at a proxy may end there; and a private host that others reach from outside may be the site's.
        """
        server = self.inside.place(flow)[0]
        if self._is_local(server) or server in self.relays:
            return False
        return addresses.reach(server) is Reach.PUBLIC or (
            server in self.there and bool(self.macs.get(server, set()) & self.routers)
        )

    def _is_local(self, server: str) -> bool:
        """Whether a host answers with an interface of its own, or another router's."""
        known = self.macs.get(server)
        return bool(known and self.routers and not known & self.routers)


def _comes_in(sides: Sides, pair: Pair) -> bool:
    """Whether a flow comes from outside: it is of a public host, or passed more routers inside than outside."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    fewer_left = here.orig_ttl[pair.inside] < there.orig_ttl[pair.outside]
    return bool(fewer_left) or addresses.reach(here.orig_h[pair.inside]) is Reach.PUBLIC


def _routers_between(sides: Sides, pair: Pair) -> int:
    """How many routers a flow passes between the taps, on its way out."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    return int(here.orig_ttl[pair.inside]) - int(there.orig_ttl[pair.outside])


def routers(ttl: int) -> int:
    """How many routers a packet passed on its way from a server, which begins with 64, 128 or 255."""
    return next(base for base in (64, 128, 255) if ttl <= base) - ttl


def _lets_in(text: str, port: int, proto: int) -> bool:
    """Whether a filter is a plain list of transports and ports with this one."""
    if not PLAIN.fullmatch(text.strip()):
        return False
    transport = TRANSPORTS[proto]
    return not {transport, f"port {port}", f"{transport} port {port}"}.isdisjoint(text.strip().split(" or "))


def listened(side: Side, at_ns: int) -> bool:
    """Whether a tap listened, by its own clock, when a flow began that was passed on within a moment."""
    return any(start <= at_ns <= end - MARGIN_NS for start, end in _spans(side))


def _was_answered(side: Side, flow: int) -> bool:
    """Whether data came back: then it was let through, or answered by a box, on a way that passes no outside tap."""
    flows = side.seen.flows
    return bool(flows.resp_payload_octets[flow] > 0) if flows.proto[flow] == TCP else bool(flows.resp_packets[flow] > 0)


def _spans(side: Side) -> list[tuple[int, int]]:
    return [(capture.start_ns, capture.end_ns) for capture in side.seen.captures if capture.packets]
