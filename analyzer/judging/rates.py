"""What hosts of a case sent and received, and at which rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer import rating
from analyzer.findings import Rate
from analyzer.judging.case import Case, Rows

LEAST_S = 60.0  # a fifth of the documents' window: below it the start of a few connections is all there is


class Sent(NamedTuple):
    """Flows, and of which ends the octets count: the originator's where `forth`, the responder's where `back`."""

    rows: Rows
    forth: npt.NDArray[np.bool_]
    back: npt.NDArray[np.bool_]


def sent(case: Case, rows: Rows, addresses: frozenset[str], *, up: bool) -> Sent:
    """What hosts sent (up) or received (down) in flows, whichever end they are."""
    traffic = case.docket.traffic
    mine = np.isin(traffic.orig[rows], traffic.codes(addresses))
    return Sent(rows, mine == up, mine != up)


def ruled(case: Case, rulings: Sequence[int], *, up: bool) -> Sent:
    """What hosts sent (up) or received (down) in the flows of rulings for which they answer."""
    docket, traffic = case.docket, case.docket.traffic
    actors = [docket.rulings[at].actor for at in rulings]
    width = len(traffic.addresses)
    theirs = [
        place * width + code
        for place, actor in enumerate(actors)
        for code in traffic.codes(actor.addresses if actor else ()).tolist()
    ]
    rows, place = docket.ruled.each(rulings)
    mine = np.isin(place * width + traffic.orig[rows], theirs)
    return Sent(rows, mine == up, mine != up)


def both(rows: Rows) -> Sent:
    """All octets of flows, whoever sent them."""
    return Sent(rows, np.ones(len(rows), np.bool_), np.ones(len(rows), np.bool_))


def total(case: Case, what: Sent) -> int:
    """Octets at IP length."""
    flows = case.seen.flows
    return int(flows.orig_octets[what.rows[what.forth]].sum() + flows.resp_octets[what.rows[what.back]].sum())


def sent_again(case: Case, rows: Rows) -> float:
    """Share of the payload that is in the capture more than once: retransmitted, or mirrored twice."""
    flows = case.seen.flows
    payload = int(flows.orig_payload_octets[rows].sum() + flows.resp_payload_octets[rows].sum())
    again = int(flows.orig_retransmitted[rows].sum() + flows.resp_retransmitted[rows].sum())
    return again / payload if payload else 0.0


def rate(case: Case, what: Sent, window_s: float) -> Rate:
    """The rate at IP length in bit/s over windows; the time since the flows began where the captures are shorter."""
    over = case.span
    since = int(case.seen.flows.start_ns[what.rows].min()) if len(what.rows) else None
    if not over.bins:
        return rating.even(total(case, what), over.duration_s)
    return rating.rate(_series(case, what, over), over, window_s, since)


def peak(case: Case, what: Sent, window_s: float) -> float:
    """The highest rate in bit/s of windows so long; 0 where the captures hold none."""
    over = case.span
    return rating.busy(_series(case, what, over), over.bin_ns / 1e9, window_s).peak


def _series(case: Case, what: Sent, over: rating.Span) -> rating.Counts:
    """Octets in each bin of the captures' time."""
    rates = case.seen.rates
    rows, place = case.docket.traffic.bins.each(what.rows)
    octets = rates.orig_octets[rows] * what.forth[place] + rates.resp_octets[rows] * what.back[place]
    return rating.binned(over.slot(rates.start_ns[rows]), octets, over.bins)
