"""What can be seen from where a capture was taken: until when, in which directions, with what loss, and who is near."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.index import Index
from analyzer.judging.lookups import Lookup, Lookups, zone
from analyzer.judging.patterns import Names
from analyzer.judging.traffic import TCP, UDP, Mask
from analyzer.observations import Observations

LACKING = 4
"""One flow of so many and one that lacks a direction makes a capture of one direction."""

PATIENCE_NS = 3_000_000_000
"""How long an answer may take: RFC 6298 sections 2.1 and 5.7 have a sender wait 1 s, and 3 s where a SYN was lost."""

GIVEN_UP_NS = 500_000_000
"""After so long a resolver library that asks elsewhere has given up on the first (resolv.conf(5): no less than 1 s)."""

CHANCE = 0.001
"""What is told to a customer may be the capture's own loss in so many cases."""

ROTATED_NS = 2_000_000_000
"""Between the last frame of one file and the first of the next, where a recorder went on without a pause."""

SLOWEST = 0.3
"""A share of the shortest round trip to a host in which no answer of its can come, however fast the host is."""

FULL = 0.8
"""A share of the shortest round trip from which on an answer has had the time to come from the host itself."""

LEAST_TRIP_NS = 2_000_000
"""A round trip too short to tell from the time that a host takes to answer."""


class Distance(NamedTuple):
    """How far away a host's answers come from: hops that its TTL lost, and the shortest round trip (ns, -1 unknown)."""

    hops: int
    trip_ns: int


class Documented(NamedTuple):
    """A pattern of names for which a document gives addresses."""

    pattern: str
    at: tuple[str, ...]


class Vantage:
    """A capture as detectors see it.

    seen        the facts
    wanted      the flows that somebody asks about: those of hosts in scope that a rule allows
    documented  the names for which the documents give addresses
    local       the names that stand for local addresses by design
    lookups     what was asked of the DNS, where that was read before
    """

    def __init__(
        self,
        seen: Observations,
        wanted: Mask,
        documented: Sequence[Documented] = (),
        local: Iterable[str] = (),
        lookups: Lookups | None = None,
    ) -> None:
        self.seen = seen
        self.wanted = wanted
        self.documented = tuple(documented)
        self.local = Names(local)
        self._lookups = lookups

    def rows(self, mask: Mask) -> list[int]:
        """The flows of a mask that somebody asks about, in order."""
        found: list[int] = np.flatnonzero(mask & self.wanted).tolist()
        return found

    @functools.cached_property
    def clients(self) -> frozenset[str]:
        """Who opened the flows that somebody asks about: what others do changes no verdict on theirs."""
        return frozenset(self.seen.flows.orig_h[self.wanted])

    @functools.cached_property
    def ours(self) -> Mask:
        """Flows in which one of these clients takes part."""
        flows, clients = self.seen.flows, self.clients
        here = [orig in clients or resp in clients for orig, resp in zip(flows.orig_h, flows.resp_h, strict=True)]
        mask: Mask = np.array(here, np.bool_)
        return mask

    @functools.cached_property
    def lookups(self) -> tuple[Lookup, ...]:
        """All questions of these clients, whomever they asked."""
        ours = self.clients
        return tuple(lookup for lookup in (self._lookups or Lookups(self.seen)).all if lookup.client in ours)

    def asked(self) -> Iterator[tuple[Lookup, int, str]]:
        """The questions that somebody asks about, each with its flow and its answer's code (empty: none came)."""
        dns = self.seen.dns
        for lookup in self.lookups:
            flow = int(dns.flow[lookup.row])
            if self.wanted[flow]:
                yield lookup, flow, dns.rcode_name[lookup.row]

    @functools.cached_property
    def answers(self) -> dict[str, dict[str, Lookup]]:
        """Per name and resolver the first lookup that told addresses of it."""
        return _firsts(lookup for lookup in self.lookups if lookup.told)

    @functools.cached_property
    def public_answers(self) -> dict[str, dict[str, Lookup]]:
        """Per name and resolver the first lookup that told a public address of it."""
        told = (lookup for lookup in self.lookups if lookup.told)
        return _firsts(one for one in told if any(addresses.reach(address) is Reach.PUBLIC for address in one.told))

    @functools.cached_property
    def questions(self) -> Index:
        """The rows of Dns of each flow."""
        return Index(self.seen.dns.flow)

    @functools.cached_property
    def clock_messages(self) -> Index:
        """The rows of Ntp of each flow."""
        return Index(self.seen.ntp.flow)

    @functools.cached_property
    def hellos(self) -> Index:
        """The rows of Tls of each flow."""
        return Index(self.seen.tls.flow)

    @functools.cached_property
    def errors(self) -> Index:
        """The rows of Icmp that quote each flow."""
        return Index(self.seen.icmp.quoted_flow)

    @functools.cached_property
    def talked(self) -> frozenset[tuple[str, str]]:
        """Clients and servers that sent each other data."""
        flows = self.seen.flows
        both = (flows.resp_payload_octets > 0) & (flows.orig_payload_octets > 0)
        return frozenset(zip(flows.orig_h[both], flows.resp_h[both], strict=True))

    @functools.cached_property
    def serves(self) -> frozenset[tuple[str, str]]:
        """Resolvers, and the zones of whose names they told an address."""
        return frozenset((lookup.resolver, zone(lookup.name)) for lookup in self.lookups if lookup.told)

    @functools.cached_property
    def opened(self) -> Mask:
        """TCP flows whose opening is in the capture, with what was sent both ways as far as anything was."""
        flows = self.seen.flows
        mask: Mask = (flows.proto == TCP) & ~flows.midstream & ~flows.one_sided
        return mask

    @functools.cached_property
    def left_ns(self) -> npt.NDArray[np.int64]:
        """Per flow, for how long the capture went on after its last frame, in ns."""
        flows = self.seen.flows
        spans = sorted((c.start_ns, c.end_ns) for c in self.seen.captures if c.packets)
        joined: list[tuple[int, int]] = []
        for start, end in spans:
            if joined and start - joined[-1][1] <= ROTATED_NS:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        ends = np.array([end for _, end in joined] or [0], np.int64)
        at = np.minimum(np.searchsorted(ends, flows.end_ns), len(ends) - 1)
        left: npt.NDArray[np.int64] = np.maximum(ends[at] - flows.end_ns, 0)
        return left

    @functools.cached_property
    def loss(self) -> float:
        """The share of frames that the capture itself lost, as far as it tells: drops counted, octets never seen."""
        quality, flows = self.seen.quality, self.seen.flows
        packets = sum(capture.packets for capture in self.seen.captures)
        drops = quality.kernel_drops or 0
        payload = int(flows.orig_payload_octets.sum() + flows.resp_payload_octets.sum())
        missed = quality.missed_octets
        return max(drops / max(packets + drops, 1), missed / max(payload + missed, 1))

    @functools.cached_property
    def _heard(self) -> dict[tuple[str, str], tuple[int, int]]:
        """How many flows were heard both ways, and one way only: per client and side, per client, and in all."""
        flows = self.seen.flows
        counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        carried = np.isin(flows.proto, (TCP, UDP)) & self.ours
        both = carried & (flows.orig_packets > 0) & (flows.resp_packets > 0)
        for kind, mask in enumerate((both, carried & flows.one_sided & (flows.resp_packets == 0))):
            for row in np.flatnonzero(mask).tolist():
                client = flows.orig_h[row]
                for key in ((client, addresses.reach(flows.resp_h[row])), (client, ""), ("", "")):
                    counts[key][kind] += 1
        return {key: (heard, lacking) for key, (heard, lacking) in counts.items()}

    def deaf(self, row: int) -> str:
        """Why answers to a flow's originator may be missing from the capture, empty where nothing says so."""
        flows = self.seen.flows
        client = flows.orig_h[row]
        if not self._heard.get((client, ""), (0, 0))[0]:
            return f"nothing that was sent to {client} is in the capture: it may hold one direction only"
        for key in ((client, addresses.reach(flows.resp_h[row])), (client, ""), ("", "")):
            both, one = self._heard.get(key, (0, 0))
            if one > both // LACKING:
                return (
                    f"{one} of {one + both} flows of {key[0] or 'all hosts'} are in the capture in one direction only"
                )
            if both:
                break
        return ""

    def early(self, row: int) -> bool:
        """Whether the capture ended before a flow's originator can have given up waiting for an answer."""
        flows = self.seen.flows
        waited = int(self.left_ns[row]) + int(flows.end_ns[row] - flows.start_ns[row])
        return waited < PATIENCE_NS and row not in self._asked_elsewhere

    @functools.cached_property
    def _asked_elsewhere(self) -> frozenset[int]:
        """Flows of questions that their client then put to another resolver: it had no answer."""
        dns, found = self.seen.dns, set()
        last: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for lookup in self.lookups:
            asked = last[lookup.client, lookup.name]
            asked[lookup.resolver] = max(int(dns.ts_ns[lookup.row]), asked.get(lookup.resolver, 0))
        for lookup, flow, said in self.asked():
            given_up = int(dns.ts_ns[lookup.row]) + GIVEN_UP_NS
            others = last[lookup.client, lookup.name].items()
            if not said and any(resolver != lookup.resolver and when >= given_up for resolver, when in others):
                found.add(flow)
        return frozenset(found)

    def lost(self, frames: int) -> bool:
        """Whether the capture may have lost the answers to so many frames."""
        return self.loss ** max(frames, 1) > CHANCE

    @functools.cached_property
    def distances(self) -> dict[str, Distance]:
        """Per responder that answered in its own right how far away it is: nearest hops, shortest round trip."""
        flows = self.seen.flows
        answered = (flows.resp_synacks > 0) & (flows.resp_payload_octets > 0) & (flows.resp_ttl_low > 0)
        answered |= (flows.proto == UDP) & (flows.resp_packets > 0) & (flows.resp_ttl_low > 0)
        answered &= self.ours
        found: dict[str, Distance] = {}
        for row in np.flatnonzero(answered).tolist():
            trip = int(flows.synack_ns[row]) if flows.resp_synacks[row] else -1
            held = found.get(flows.resp_h[row])
            near = addresses.hops(int(flows.resp_ttl_high[row]))
            if held is not None:
                near = min(near, held.hops)
                trip = min((known for known in (trip, held.trip_ns) if known >= 0), default=-1)
            found[flows.resp_h[row]] = Distance(near, trip)
        return found

    @functools.cached_property
    def far(self) -> tuple[Distance, ...]:
        """The distances of all public responders."""
        return tuple(found for address, found in self.distances.items() if addresses.reach(address) is Reach.PUBLIC)

    @functools.cached_property
    def nearest(self) -> Distance:
        """The fewest hops and the shortest round trip of public responders, -1 where neither is known."""
        hops = min((distance.hops for distance in self.far), default=-1)
        return Distance(hops, min((held.trip_ns for held in self.far if held.trip_ns >= 0), default=-1))

    @functools.cached_property
    def routed(self) -> bool:
        """Whether any public responder lies beyond a router."""
        return any(distance.hops > 0 for distance in self.far)

    @functools.cached_property
    def _speaking(self) -> frozenset[str]:
        """Addresses that sent these clients anything, or said by ARP that they are there."""
        flows = self.seen.flows
        opened, answered = self.ours & (flows.orig_packets > 0), self.ours & (flows.resp_packets > 0)
        said = {*flows.orig_h[opened], *flows.resp_h[answered], *self.seen.arp.address}
        return frozenset(said)

    def alive(self, address: str) -> bool:
        """Whether a host showed in the capture that it is switched on."""
        return address in self._speaking

    def absent(self, address: str) -> str:
        """Why the silence of a host of the site may be its being switched off, empty where nothing says so."""
        if self.alive(address) or addresses.reach(address) is Reach.PUBLIC:
            return ""
        return f"; nothing else of {address} is in the capture: it may be switched off"

    def next_hop(self, row: int) -> str:
        """The address of the neighbour from which a flow's answers came, where ARP tells; else its MAC, or nothing."""
        mac = str(self.seen.flows.resp_mac[row])
        claims = self._claims.get(mac, set())
        return f"{next(iter(claims))} ({mac})" if len(claims) == 1 else mac

    @functools.cached_property
    def _claims(self) -> dict[str, set[str]]:
        """The addresses that each MAC claimed by ARP."""
        found: dict[str, set[str]] = defaultdict(set)
        for address, mac in zip(self.seen.arp.address, self.seen.arp.mac, strict=True):
            found[mac].add(address)
        return found


def another(answers: Mapping[str, Lookup], resolver: str) -> Lookup | None:
    """The first of a name's answers that another resolver gave."""
    return next((lookup for other, lookup in answers.items() if other != resolver), None)


def _firsts(lookups: Iterable[Lookup]) -> dict[str, dict[str, Lookup]]:
    """Per name and resolver the first lookup, the earliest in front."""
    found: dict[str, dict[str, Lookup]] = defaultdict(dict)
    for lookup in lookups:
        found[lookup.name].setdefault(lookup.resolver, lookup)
    return dict(found)


def milliseconds(span_ns: int) -> str:
    """A span of time in ms, with three digits."""
    return f"{span_ns / 1e6:.3g} ms"
