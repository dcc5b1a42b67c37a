"""A connection that worked and then fell silent, while its originator sent the same again and again.

Fact    the connection opened (and mostly carried data), then three or more segments of the originator were sent again
        and nothing at all came back, not even an acknowledgement, until it gave up or the capture ended.
Leans   blocked, suggestive, when it comes again while others of the client's connections go on: a firewall that
        forgets or kills a connection looks like this. Undetermined where nothing else got through then.
Blind   a server that was switched off or lost its route looks the same; one such flow is no block. In a capture of
        one direction, within its last seconds, and where it lost frames itself.
Source  RFC 9293 section 3.8.3; RFC 6298 section 5; RFC 5382 section 5 (how long NATs keep a connection).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import frames
from analyzer.judging.detectors.reset_after_hello import hellos
from analyzer.judging.vantage import Vantage

CODE = "stalled"
STAGE = "later"
SILENT = True
TITLE = "{host} lost {whom} in mid-flow: it sends again into silence"
RIVALS: tuple[str, ...] = (
    "the far end was restarted or lost its power",
    "the path lost packets for a while, or changed its route",
)
REMEDY = "Look at the firewall's logs and session limits at that moment; let it reset sessions that it gives up."
AGAIN = 3


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow that ended in sending again."""
    flows = view.seen.flows
    gone = view.opened & (flows.resp_synacks > 0) & (flows.orig_again >= AGAIN) & (flows.orig_payload_octets > 0)
    gone &= (flows.resp_rsts == 0) & (flows.resp_fins == 0) & (flows.orig_fins == 0)
    gone &= ~(hellos(view) & (flows.resp_payload_octets == 0))
    rows = view.rows(gone)
    latest = _latest(view, frozenset(flows.orig_h[rows]))
    for row in rows:
        others = _others_went_on(view, row, latest[flows.orig_h[row]])
        silence = (int(flows.end_ns[row]) - int(flows.resp_last_ns[row])) / 1e9
        yield Evidence(
            CODE,
            Verdict.BLOCKED if others else Verdict.UNDETERMINED,
            Strength.SUGGESTIVE,
            row,
            frames(int(flows.resp_last_frame[row]), int(flows.last_frame[row])),
            f"{targets.named(view, row)} fell silent after {int(flows.resp_payload_octets[row])} octets;"
            f" {int(flows.orig_again[row])} segments were sent again over {silence:.1f} s,"
            f" while {'other connections went on' if others else 'nothing else got through'}",
            target=f"{targets.named(view, row)} in mid-flow",
        )


class _Latest(NamedTuple):
    """The last answer in the flows that a client began until a moment: when, whose, and the last one of all others."""

    start_ns: int
    last_ns: int
    server: str
    others_ns: int


def _latest(view: Vantage, clients: frozenset[str]) -> dict[str, list[_Latest]]:
    """Per client the last answers until each of its flows began, in the order in which they did."""
    flows = view.seen.flows
    found: dict[str, list[_Latest]] = {client: [] for client in clients}
    for row in np.argsort(flows.start_ns, kind="stable").tolist() if clients else ():
        held = found.get(flows.orig_h[row])
        if held is None:
            continue
        start, last, server = int(flows.start_ns[row]), int(flows.resp_last_ns[row]), flows.resp_h[row]
        before = held[-1] if held else _Latest(start, -1, server, -1)
        if server == before.server:
            held.append(_Latest(start, max(last, before.last_ns), server, before.others_ns))
        elif last > before.last_ns:
            held.append(_Latest(start, last, server, before.last_ns))
        else:
            held.append(_Latest(start, before.last_ns, before.server, max(last, before.others_ns)))
    return found


def _others_went_on(view: Vantage, row: int, latest: Sequence[_Latest]) -> bool:
    """Whether another host went on answering the same client after this one fell silent."""
    flows = view.seen.flows
    began = bisect.bisect_right(latest, int(flows.end_ns[row]), key=lambda held: held.start_ns)
    held = latest[began - 1]
    last_ns = held.others_ns if held.server == flows.resp_h[row] else held.last_ns
    return bool(last_ns > flows.resp_last_ns[row])
