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

from collections.abc import Iterator

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
    for row in view.rows(gone):
        others = _others_went_on(view, row)
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


def _others_went_on(view: Vantage, row: int) -> bool:
    """Whether another host went on answering the same client after this one fell silent."""
    flows = view.seen.flows
    alike = (flows.orig_h == flows.orig_h[row]) & (flows.resp_h != flows.resp_h[row])
    during = (flows.resp_last_ns > flows.resp_last_ns[row]) & (flows.start_ns <= flows.end_ns[row])
    return bool((alike & during).any())
