"""A SYN-ACK that the originator never took: it sent its SYN again, and the responder its SYN-ACK.

Fact    two or more SYNs with one initial sequence number and two or more SYN-ACKs, and no ACK of the originator: the
        answer passed the place of the capture and did not arrive.
Leans   blocked, suggestive: what drops return traffic stands between the capture and the originator.
Blind   a scanner opens connections halfway on purpose, but does not send its SYN again; a capture before a firewall
        that answers SYNs in a server's stead (SYN cookies) shows the same for a moment.
Source  RFC 9293 section 3.5; RFC 6298 section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import count, frames
from analyzer.judging.vantage import Vantage

CODE = "synack-unheard"
STAGE = "tcp"
SILENT = True
TITLE = "{host} never heard the answer of {whom}: return traffic is lost on its way back"
RIVALS: tuple[str, ...] = (
    "an asymmetric route: the answers take another way than the one that a stateful firewall watches",
    "two hosts with one address: the answers go to the other one",
)
REMEDY = "Let the firewall that saw the SYN also see its answer, and allow return traffic of established connections."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow whose SYN-ACKs went unheard."""
    flows = view.seen.flows
    unheard = view.opened & (flows.resp_synacks > 1) & (flows.orig_syns > flows.attempts)
    unheard &= flows.orig_packets == flows.orig_syns
    for row in view.rows(unheard):
        yield Evidence(
            CODE,
            Verdict.BLOCKED,
            Strength.SUGGESTIVE,
            row,
            frames(int(flows.first_frame[row]), int(flows.resp_frame[row]), int(flows.last_frame[row])),
            f"{count(int(flows.orig_syns[row]), 'SYN')} to {targets.place(view, row)} were answered"
            f" {int(flows.resp_synacks[row])} times, and the client did not hear it",
            target=targets.place(view, row),
        )
