"""A reset that its alleged sender did not send.

Fact    the first RST of an opened connection, before the responder sent data, passed fewer hops, or came sooner, than
        the responder's own packets on the same connection; its IP identification and window are told beside it.
Leans   blocked, strong: who forges a reset wants the connection gone. After data has flowed a reset closes a flow
        that did its work, and says nothing.
Blind   a box that sends with the server's TTL, and a server nearer than 2 ms.
Source  RFC 9293 section 3.5.3; Weaver, Sommer, Paxson, "Detecting Forged TCP Reset Packets", NDSS 2009.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders, targets
from analyzer.judging.case import frames
from analyzer.judging.senders import Origin
from analyzer.judging.vantage import Vantage

CODE = "reset-foreign"
STAGE = "tcp"
SILENT = False
TITLE = "{host} lost its connection to {whom} to a forged reset"
RIVALS: tuple[str, ...] = ("a load balancer or scrubber in front of the server that resets for it",)
REMEDY = "Find the box at that distance which resets connections (a firewall, an IPS), and except this traffic."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each opened flow that somebody else than its responder reset."""
    flows = view.seen.flows
    cut_off = view.opened & (flows.resp_synacks > 0) & (flows.resp_rsts > 0) & ~flows.rst_from_orig
    cut_off &= flows.resp_payload_octets == 0
    for row in view.rows(cut_off):
        sender = senders.of_reset(view, row)
        if sender.origin is not Origin.FOREIGN:
            continue
        yield Evidence(
            CODE,
            Verdict.BLOCKED,
            Strength.STRONG,
            row,
            frames(int(flows.resp_frame[row]), int(flows.rst_frame[row])),
            f"a reset in the name of {flows.resp_h[row]}: {sender.why}{_beside(view, row)}",
            target=targets.named(view, row),
            by=sender.by,
        )


def _beside(view: Vantage, row: int) -> str:
    """What else sets the reset apart from the packets of its alleged sender."""
    flows = view.seen.flows
    told = []
    ident, before = int(flows.rst_ident[row]), int(flows.resp_ident[row])
    if ident >= 0 and before >= 0 and (ident == 0) != (before == 0):
        told.append(f"IP identification {ident} after {before}")
    if flows.rst_window[row] > 0:
        told.append(f"window {int(flows.rst_window[row])}")
    return f"; {', '.join(told)}" if told else ""
