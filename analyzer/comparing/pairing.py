"""Flows of two captures become pairs: by octets that they have in common, else by name or address and time."""

from __future__ import annotations

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

FAR_NS = 86_400_000_000_000
"""What is further apart is another recording: sequence numbers and short payloads come again."""


class Pair(NamedTuple):
    """A flow inside and a flow outside, and what they have in common."""

    inside: int
    outside: int
    by: str


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

    def numbers(self, flow: int) -> Hashable:
        """What stays of a TCP connection when a NAT passes it on: who answers, and the initial sequence number."""
        flows = self.seen.flows
        isn = int(flows.orig_isn[flow])
        return (*self.place(flow), isn) if flows.proto[flow] == TCP and isn >= 0 else None

    def payload(self, flow: int) -> Hashable:
        """What stays of a question or of a connection without TLS: who answers, and the first octets."""
        mark = int(self.seen.flows.orig_print[flow])
        return (*self.place(flow), mark) if mark and not self.hello(flow) else None

    def question(self, flow: int) -> Hashable:
        """The payload of a datagram: questions carry numbers of their own; requests over TCP are said again."""
        return self.payload(flow) if self.seen.flows.proto[flow] == UDP else None


class Sides:
    """Both taps."""

    def __init__(self, inside: Observations, outside: Observations) -> None:
        self.inside = Side(inside)
        self.outside = Side(outside)

    def exact(self) -> list[Pair]:
        """Pairs with octets in common that no other flow has; in the order of what is surest."""
        taken_in: set[int] = set()
        taken_out: set[int] = set()
        made: list[Pair] = []
        for by, key in self._keys():
            here, there = _single(self.inside.rows, key(self.inside)), _single(self.outside.rows, key(self.outside))
            for mark, flow in here.items():
                other = there.get(mark)
                if other is None or flow in taken_in or other in taken_out:
                    continue
                if abs(self.inside.moment(flow) - self.outside.moment(other)) <= FAR_NS:
                    made.append(Pair(flow, other, by))
                    taken_in.add(flow)
                    taken_out.add(other)
        return made

    @staticmethod
    def _keys() -> tuple[tuple[str, Callable[[Side], Callable[[int], Hashable]]], ...]:
        return (
            ("hello", lambda side: side.hello),
            ("isn", lambda side: side.numbers),
            ("payload", lambda side: side.question),
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
    """All pairs: the exact ones, then flows with the same payload, name or address, the nearest in time first."""
    made = list(exact)
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


def _key(side: Side, by: str, flow: int) -> Hashable:
    """What two flows must have in common: the same payload; or TLS to one name; or the same responder."""
    tls = flow in side.session
    if by == "payload":
        return side.payload(flow)
    if by == "name":
        name = side.name(flow)
        return (name, tls) if name else None
    return (*side.place(flow), tls)


Keyed = tuple[Sequence[int], Callable[[int], Hashable]]


def _nearest(sides: Sides, clock: Clock, inside: Keyed, outside: Keyed) -> list[tuple[int, int]]:
    """Flows with the same key, each used once, those nearest in time and in octets first."""
    there: dict[Hashable, list[int]] = defaultdict(list)
    for flow in outside[0]:
        key = outside[1](flow)
        if key:
            there[key].append(flow)
    offers = []
    for flow in inside[0]:
        at = sides.inside.moment(flow)
        for other in there.get(inside[1](flow) or (), ()):
            delay = clock.inside(sides.outside.moment(other)) - at
            if -EARLY_NS <= delay <= LATE_NS:
                offers.append((abs(delay) + _unlike(sides, flow, other), flow, other))
    used_in: set[int] = set()
    used_out: set[int] = set()
    made = []
    for _, flow, other in sorted(offers):
        if flow not in used_in and other not in used_out:
            made.append((flow, other))
            used_in.add(flow)
            used_out.add(other)
    return made


def _unlike(sides: Sides, flow: int, other: int) -> int:
    """How little the payloads of two flows agree in length, as a time: half a second where they do not at all."""
    here, there = sides.inside.seen.flows, sides.outside.seen.flows
    parts = [
        (int(here.orig_payload_octets[flow]), int(there.orig_payload_octets[other])),
        (int(here.resp_payload_octets[flow]), int(there.resp_payload_octets[other])),
    ]
    return sum(abs(one - two) * 250_000_000 // max(one, two, 1) for one, two in parts)
