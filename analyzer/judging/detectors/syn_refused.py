"""A SYN that was answered by a reset.

Fact    conn_state REJ: a RST and no SYN-ACK, with the RST's TTL and the time it took.
Leans   blocked, strong, where the RST passed fewer hops or took less time than the server's own packets can; a RST
        from the server itself says that nothing listens there, which is nobody's block.
Blind   where nothing else of the server, or of any host beyond the border, is in the capture to compare with.
Source  RFC 9293 section 3.10.7.1; RFC 1812 section 5.2.7.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders, targets
from analyzer.judging.case import frames
from analyzer.judging.senders import Origin
from analyzer.judging.vantage import Vantage

CODE = "syn-refused"
STAGE = "tcp"
SILENT = False
TITLE = "{host} was refused at {whom}, by somebody on the way"
RIVALS: tuple[str, ...] = (
    "a load balancer in front of the server that answers for it",
    "the server's own network refuses the site's address",
)
REMEDY = "Look for a rule that rejects with TCP reset, on the firewall that is nearest to the host."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each refused opening, with whoever sent the refusal."""
    flows = view.seen.flows
    refused = view.opened & (flows.orig_syns > 0) & (flows.resp_synacks == 0) & (flows.resp_rsts > 0)
    refused &= (flows.resp_payload_octets == 0) & ~flows.rst_from_orig
    for row in view.rows(refused):
        sender = senders.of_reset(view, row)
        foreign = sender.origin is Origin.FOREIGN
        whose = {Origin.OWN: "the server itself refuses", Origin.FOREIGN: "not from the server"}
        detail = f"SYN to {targets.place(view, row)} answered by a reset, {whose.get(sender.origin, 'by whom')}"
        yield Evidence(
            CODE,
            Verdict.BLOCKED if foreign else Verdict.UNDETERMINED,
            Strength.STRONG if foreign else Strength.SUGGESTIVE,
            row,
            frames(int(flows.first_frame[row]), int(flows.rst_frame[row])),
            f"{detail}: {sender.why}",
            target=targets.place(view, row),
            by=sender.by,
        )
