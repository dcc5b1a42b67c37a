"""Who sent a reset, or the first answer: the host that it claims to be, or somebody on the way.

A packet's sender can be forged; the hops that its TTL lost and the time that it took can hardly be. Both are held
against what the same host's other packets show, else against all hosts beyond the site's border.
Source: RFC 791 section 3.2 (TTL); Weaver, Sommer, Paxson, "Detecting Forged TCP Reset Packets", NDSS 2009.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.judging.case import count
from analyzer.judging.vantage import FULL, LEAST_TRIP_NS, SLOWEST, Vantage, milliseconds

SLACK = 1
"""Hops by which the packets of one host differ on parallel paths."""

CLEARLY = 3
"""Hops by which a host is nearer than any other of its sort, so that it stands in front of them."""


class Origin(StrEnum):
    """Where a packet came from."""

    OWN = "own"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class Sender(NamedTuple):
    """Where a packet came from, why that is so, and by whom it was sent, as far as that is known."""

    origin: Origin
    why: str
    by: str = ""


def of_reset(view: Vantage, row: int) -> Sender:
    """Who sent the first RST of a flow in its responder's name."""
    flows = view.seen.flows
    server, ttl, delay = flows.resp_h[row], int(flows.rst_ttl[row]), int(flows.rst_delay_ns[row])
    if not ttl:
        return Sender(Origin.UNKNOWN, "the reset's TTL is not known")
    near = addresses.hops(ttl)
    known = int(flows.resp_ttl_high[row])
    distance = view.distances.get(server)
    own = addresses.hops(known) if known else distance.hops if distance else -1
    trip = min(
        (t for t in (int(flows.synack_ns[row]), distance.trip_ns if distance else -1) if t >= 0),
        default=-1,
    )
    if own >= 0 and near < own - SLACK:
        why = f"its TTL of {ttl} lost {count(near, 'hop')}, those of {server} lose {own}"
        return Sender(Origin.FOREIGN, why, _by(view, row, near))
    if trip >= LEAST_TRIP_NS and 0 <= delay < SLOWEST * trip:
        why = f"it came after {milliseconds(delay)}, and {server} is {milliseconds(trip)} away"
        return Sender(Origin.FOREIGN, why, _by(view, row, near))
    if own >= 0:
        if trip < 0 or delay < 0 or delay >= FULL * trip:
            return Sender(Origin.OWN, f"its TTL of {ttl} and its time fit {server}", server)
        return Sender(Origin.UNKNOWN, "TTL and time do not tell who sent it")
    return _of_stranger(view, row, near, delay)


def _of_stranger(view: Vantage, row: int, near: int, delay: int) -> Sender:
    """Who answers for a host of which nothing else is known."""
    flows = view.seen.flows
    client, server = flows.orig_h[row], flows.resp_h[row]
    if addresses.reach(server) is not Reach.PUBLIC:
        return Sender(Origin.OWN, f"nothing tells it from {server} itself", server)
    if near == 0 and _beyond_a_router(view, row):
        why = f"it passed no router, and between {client} and {server} there is one"
        return Sender(Origin.FOREIGN, why, _by(view, row, near))
    nearest, fastest = view.nearest
    if fastest >= 0:
        if near <= nearest - CLEARLY and fastest >= LEAST_TRIP_NS and 0 <= delay < SLOWEST * fastest:
            why = (
                f"it came {count(near, 'hop')} in {milliseconds(delay)}; no public host is nearer than"
                f" {count(nearest, 'hop')} and {milliseconds(fastest)}"
            )
            return Sender(Origin.FOREIGN, why, _by(view, row, near))
        if delay >= FULL * fastest and near > 0:
            return Sender(Origin.OWN, f"it took {milliseconds(delay)}, as long as public hosts take", server)
    return Sender(Origin.UNKNOWN, "nothing in the capture tells how far away the server is")


def _beyond_a_router(view: Vantage, row: int) -> bool:
    """Whether a router must lie between a client beside the capture and a public server, since others lie beyond one.

    Where every public host answers without a hop, a program of the client's own machine does so for all (a virtual
    machine's NAT), and hops say nothing.
    """
    flows = view.seen.flows
    client, server = flows.orig_h[row], flows.resp_h[row]
    border = addresses.reach(client) is Reach.LOCAL and addresses.reach(server) is Reach.PUBLIC
    beside = addresses.hops(int(flows.orig_ttl[row])) == 0
    return border and beside and view.routed


def in_front(view: Vantage, row: int) -> Sender | None:
    """Who answered a connection to a public host from nearer than any such host can be; None where nothing says so."""
    flows = view.seen.flows
    client, server, ttl = flows.orig_h[row], flows.resp_h[row], int(flows.resp_ttl_high[row])
    if ttl and addresses.hops(ttl) == 0 and _beyond_a_router(view, row):
        why = f"its answers passed no router, and between {client} and {server} there is one"
        return Sender(Origin.FOREIGN, why, _by(view, row, 0))
    return None


def _by(view: Vantage, row: int, near: int) -> str:
    """The actor in words: the neighbour, where the packet passed no router, else how far away it is."""
    if near == 0:
        return view.next_hop(row) or "a neighbour on the network of the capture"
    return f"a box {count(near, 'hop')} from the capture, in the name of {view.seen.flows.resp_h[row]}"
