"""Flows of two captures become pairs: by octets that they have in common, else by name or address and time."""

from __future__ import annotations

import bisect
import functools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analyzer.observations import Observations
from analyzer.tables import Column
from analyzer.taps import Clock

TCP, UDP = 6, 17
EARLY_NS, LATE_NS = 3_000_000_000, 12_000_000_000
"""How long before or after the inside flow its outside one may begin: a proxy can connect ahead, or resolve first."""

NEAREST = 16
"""So many of the outside flows that may belong to an inside one are weighed: those nearest in time."""


class Pair(NamedTuple):
    """A flow inside and a flow outside, and what they have in common; `sure` where no third flow has it."""

    inside: int
    outside: int
    by: str
    sure: bool = False


class Side:
    """The flows of one tap, with what tells one from another."""

    def __init__(self, seen: Observations) -> None:
        self.seen = seen
        flows, tls = seen.flows, seen.tls
        carried = np.isin(flows.proto, (TCP, UDP)) & (flows.twin < 0)
        self.rows: list[int] = np.flatnonzero(carried).tolist()
        self.session: dict[int, int] = {}
        for row in range(len(tls.flow) - 1, -1, -1):
            self.session[int(tls.flow[row])] = row

    def moment(self, flow: int) -> int:
        """When a flow's ClientHello was said, else when it began, in ns."""
        row = self.session.get(flow)
        at = int(self.seen.tls.ts_ns[row]) if row is not None and self.hello(flow) else -1
        return at if at >= 0 else int(self.seen.flows.start_ns[flow])

    def hello(self, flow: int) -> int:
        """The print of a flow's ClientHello, 0 where it has none that was seen whole."""
        return self._print(self.seen.tls.client_print, flow)

    def answer(self, flow: int) -> int:
        """The print of a flow's ServerHello, 0 likewise."""
        return self._print(self.seen.tls.server_print, flow)

    def asked_proxy(self, flow: int) -> bool:
        """Whether a flow's TLS began after a request to a proxy to open a way."""
        row = self.session.get(flow)
        return row is not None and self.seen.tls.via[row] == "connect"

    def _print(self, column: Column, flow: int) -> int:
        """A print of the first session of a flow, 0 where it has none."""
        row = self.session.get(flow)
        return int(column[row]) if row is not None else 0

    def name(self, flow: int) -> str:
        """Whom a flow is for, and over which protocol; what a certificate alone says is none."""
        flows = self.seen.flows
        told = flows.server_name[flow]
        return f"{told} {flows.proto[flow]}" if told and flows.server_name_basis[flow] != "cert" else ""

    def place(self, flow: int) -> tuple[str, int, int]:
        """Address, port and protocol of a flow's responder."""
        flows = self.seen.flows
        return flows.resp_h[flow], int(flows.resp_p[flow]), int(flows.proto[flow])

    def number(self, flow: int) -> int | None:
        """What stays of a TCP connection when a NAT passes it on: the initial sequence number, None where unknown."""
        flows = self.seen.flows
        isn = int(flows.orig_isn[flow])
        return isn if flows.proto[flow] == TCP and isn >= 0 else None

    def payload(self, flow: int) -> int | None:
        """What stays of a question or of a connection without TLS: the print of the first octets, None for none."""
        return None if self.hello(flow) else int(self.seen.flows.orig_print[flow]) or None

    def question(self, flow: int) -> int | None:
        """The payload of a datagram: questions carry numbers of their own; requests over TCP are said again."""
        return self.payload(flow) if self.seen.flows.proto[flow] == UDP else None

    def mark(self, flow: int) -> int | None:
        """What stays of a flow that a NAT passes on."""
        return self.number(flow) if self.seen.flows.proto[flow] == TCP else self.question(flow)


class Sides:
    """Both taps."""

    def __init__(self, inside: Observations, outside: Observations) -> None:
        self.inside = Side(inside)
        self.outside = Side(outside)

    def moments(self, pair: Pair) -> tuple[int, int]:
        """When what a pair has in common was said, by each tap's clock: the hellos of both, else both first frames."""
        here, there = self.inside, self.outside
        if pair.by != "isn" and here.hello(pair.inside) and there.hello(pair.outside):
            return here.moment(pair.inside), there.moment(pair.outside)
        return int(here.seen.flows.start_ns[pair.inside]), int(there.seen.flows.start_ns[pair.outside])

    def same_numbers(self, pair: Pair) -> bool:
        """Whether both ends' initial sequence numbers are the same on both sides: one connection."""
        here, there = self.inside.seen.flows, self.outside.seen.flows
        ours = int(here.orig_isn[pair.inside]), int(here.resp_isn[pair.inside])
        return min(ours) >= 0 and ours == (int(there.orig_isn[pair.outside]), int(there.resp_isn[pair.outside]))

    def other_numbers(self, pair: Pair) -> bool:
        """Whether a pair's TCP connections are known to be two: the originators' numbers differ."""
        here, there = self.inside.number(pair.inside), self.outside.number(pair.outside)
        return here is not None and there is not None and here != there

    def exact(self) -> list[Pair]:
        """Pairs with octets in common that no other flow has; in the order of what is surest.

        A NAT may lead a connection or a question to another address than it was meant for.
        """
        taken_in: set[int] = set()
        taken_out: set[int] = set()
        made: list[Pair] = []
        for by, key in _KEYS:
            here = _single(self.inside.rows, functools.partial(key, self.inside))
            there = _single(self.outside.rows, functools.partial(key, self.outside))
            for mark, flow in here.items():
                other = there.get(mark)
                if other is None or flow in taken_in or other in taken_out or self._are_two(by, flow, other):
                    continue
                made.append(Pair(flow, other, by, sure=True))
                taken_in.add(flow)
                taken_out.add(other)
        return made

    def _are_two(self, by: str, flow: int, other: int) -> bool:
        """Whether two connections with one originator's number were answered with different ones."""
        here, there = int(self.inside.seen.flows.resp_isn[flow]), int(self.outside.seen.flows.resp_isn[other])
        return by == "isn" and here >= 0 and there >= 0 and here != there


Key = Callable[[Side, int], Hashable]


def _with_place(mark: Callable[[Side, int], int | None], side: Side, flow: int) -> Hashable:
    """A mark together with the responder that it was sent to; None for no mark."""
    told = mark(side, flow)
    return (*side.place(flow), told) if told is not None else None


def _with_port(mark: Callable[[Side, int], int | None], side: Side, flow: int) -> Hashable:
    """A mark together with the responder's port."""
    told = _with_place(mark, side, flow)
    return told[1:] if isinstance(told, tuple) else None


_KEYS: tuple[tuple[str, Key], ...] = (
    ("hello", Side.hello),
    ("isn", functools.partial(_with_place, Side.number)),
    ("payload", functools.partial(_with_place, Side.question)),
    ("isn", functools.partial(_with_port, Side.number)),
    ("payload", functools.partial(_with_port, Side.question)),
)


def _single(rows: Iterable[int], key: Callable[[int], Hashable]) -> dict[Hashable, int]:
    """What only one flow has, and that flow."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for row in rows:
        mark = key(row)
        if mark:
            found[mark].append(row)
    return {mark: held[0] for mark, held in found.items() if len(held) == 1}


def pair(sides: Sides, exact: Sequence[Pair], clock: Clock) -> list[Pair]:
    """All pairs: the exact ones, then flows with the same payload, name or address, the nearest in time first.

    What is alike at another time than the clock tells is another recording's.
    """
    made = [one for one in exact if not clock.flows or -EARLY_NS <= _delay(sides, one, clock) <= LATE_NS]
    used_in, used_out = {one.inside for one in made}, {one.outside for one in made}
    left_in = [flow for flow in sides.inside.rows if flow not in used_in]
    left_out = [flow for flow in sides.outside.rows if flow not in used_out]
    for by in ("payload", "name", "address"):
        here, there = functools.partial(_key, sides.inside, by), functools.partial(_key, sides.outside, by)
        found = _nearest(sides, clock, (left_in, here), (left_out, there))
        made += [Pair(flow, other, by) for flow, other in found]
        used_in, used_out = {flow for flow, _ in found}, {other for _, other in found}
        left_in = [flow for flow in left_in if flow not in used_in]
        left_out = [flow for flow in left_out if flow not in used_out]
    return made


def _delay(sides: Sides, pair: Pair, clock: Clock) -> int:
    """How much later what a pair has in common was said outside, in ns."""
    here, there = sides.moments(pair)
    return clock.inside(there) - here


def _key(side: Side, by: str, flow: int) -> Hashable:
    """What two flows must have in common: the same payload; or TLS to one name; or the same responder."""
    tls = flow in side.session
    if by == "payload":
        mark = side.payload(flow)
        return (*side.place(flow), mark) if mark is not None else None
    if by == "name":
        name = side.name(flow)
        return (name, tls) if name else None
    return (*side.place(flow), tls)


Keyed = tuple[Sequence[int], Callable[[int], Hashable]]


def _nearest(sides: Sides, clock: Clock, inside: Keyed, outside: Keyed) -> list[tuple[int, int]]:
    """Flows with the same key, each used once, those nearest in time and in octets first."""
    there: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for flow in outside[0]:
        key = outside[1](flow)
        if key:
            there[key].append((clock.inside(sides.outside.moment(flow)), flow))
    for held in there.values():
        held.sort()
    offers = []
    for flow in inside[0]:
        at = sides.inside.moment(flow)
        for when, other in _around(there.get(inside[1](flow) or (), ()), at):
            offers.append((abs(when - at) + _unlike(sides, flow, other), flow, other))
    used_in: set[int] = set()
    used_out: set[int] = set()
    made = []
    for _, flow, other in sorted(offers):
        if flow not in used_in and other not in used_out:
            made.append((flow, other))
            used_in.add(flow)
            used_out.add(other)
    return made


def _around(held: Sequence[tuple[int, int]], at_ns: int) -> Sequence[tuple[int, int]]:
    """Of flows in order of time, those in reach of a moment: the nearest of them, where they are many."""
    first, end = bisect.bisect_left(held, (at_ns - EARLY_NS,)), bisect.bisect_left(held, (at_ns + LATE_NS + 1,))
    middle = bisect.bisect_left(held, (at_ns,))
    return held[max(first, middle - NEAREST // 2) : min(end, middle + NEAREST // 2)]


def _unlike(sides: Sides, flow: int, other: int) -> int:
    """How little the payloads of two flows agree in length, as a time: half a second where they do not at all."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    parts = [
        (int(here.orig_payload_octets[flow]), int(there.orig_payload_octets[other])),
        (int(here.resp_payload_octets[flow]), int(there.resp_payload_octets[other])),
    ]
    return sum(abs(one - two) * 250_000_000 // max(one, two, 1) for one, two in parts)
