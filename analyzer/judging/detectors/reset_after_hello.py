"""A reset after the ClientHello, before the server said anything.

Fact    the connection opened, a ClientHello went out, and a RST in the server's name came before any octet of its.
Leans   blocked, strong, where the RST's hops or time are not the server's: a filter that reads the name in the hello
        resets so. A RST from the server itself is the server's policy, and nobody's block.
Blind   where TTL and time of the RST fit the server as well as a box beside it.
Source  RFC 8446 section 4.1.2; RFC 9293 section 3.10.7; Weaver et al., NDSS 2009.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders, targets
from analyzer.judging.case import frames
from analyzer.judging.senders import Origin
from analyzer.judging.traffic import Mask
from analyzer.judging.vantage import Vantage

CODE = "reset-after-hello"
STAGE = "tls"
SILENT = False
TITLE = "{host} is cut off as soon as it names {whom}"
RIVALS: tuple[str, ...] = (
    "the server resets hellos that it does not like (its policy)",
    "a load balancer or scrubber in front of the server, nearer than the server itself",
)
REMEDY = "Take the name out of the filter that reads TLS hellos, and exempt it from inspection."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each hello that was answered by a reset, with whoever sent it."""
    flows = view.seen.flows
    cut_off = hellos(view) & (flows.resp_payload_octets == 0) & (flows.resp_rsts > 0) & ~flows.rst_from_orig
    for row in view.rows(cut_off):
        sender = senders.of_reset(view, row)
        foreign = sender.origin is Origin.FOREIGN
        whose = {Origin.OWN: "by the server itself", Origin.FOREIGN: "not by the server"}
        yield Evidence(
            CODE,
            Verdict.BLOCKED if foreign else Verdict.UNDETERMINED,
            Strength.STRONG if foreign else Strength.SUGGESTIVE,
            row,
            frames(int(flows.orig_data_frame[row]), int(flows.rst_frame[row])),
            f"the ClientHello for {targets.named(view, row)} was answered by a reset,"
            f" {whose.get(sender.origin, 'by whom')}: {sender.why}",
            target=targets.named(view, row),
            by=sender.by,
        )


def hellos(view: Vantage) -> Mask:
    """Flows that opened and in which a ClientHello, or its beginning, went out."""
    flows, tls = view.seen.flows, view.seen.tls
    said = flows.service == "tls"
    said[tls.flow[tls.client_hello_frame > 0]] = True
    mask: Mask = view.opened & said & (flows.resp_synacks > 0) & (flows.orig_payload_octets > 0)
    return mask
