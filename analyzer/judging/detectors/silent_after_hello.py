"""A ClientHello that was never answered, on a connection that had opened.

Fact    the three-way handshake is there, a ClientHello went out, and nothing of it was acknowledged; a server that
        closes later on closes a connection on which it never heard anything.
Leans   blocked, suggestive: a filter that reads the name in the hello and drops it looks like this. So does a path
        that swallows large packets (a PMTU black hole), where the hello takes more than one segment; where the
        responder goes on acknowledging without progress, or a router asks for smaller packets, it is that.
Blind   in a capture of one direction, within its last seconds, and where it lost frames itself. A hello that was
        acknowledged did arrive: who is silent then is the server.
Source  RFC 8446 section 4.1.2; RFC 4821 section 7.2 and RFC 2923 section 2.1 (black holes).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import count, frames
from analyzer.judging.detectors.reset_after_hello import hellos
from analyzer.judging.vantage import Vantage

CODE = "silent-after-hello"
STAGE = "tls"
SILENT = True
TITLE = "{host} meets silence as soon as it names {whom}"
RIVALS: tuple[str, ...] = (
    "a path that swallows large packets (PMTU black hole), where the hello takes more than one segment",
    "a server that is overloaded: it opens connections in its kernel and does not serve them",
)
REMEDY = "Take the name out of the filter that reads TLS hellos, and exempt it from inspection."
SEGMENT = 1280
"""Octets that any path carries (RFC 8200 section 5); what is larger may be swallowed."""
SEGMENT_HEADERS = 60


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each hello that was met by silence."""
    flows = view.seen.flows
    silent = hellos(view) & (flows.resp_payload_octets == 0) & (flows.resp_rsts == 0)
    for row in view.rows(silent):
        leaning, strength, told = _read(view, row)
        yield Evidence(
            CODE,
            leaning,
            strength,
            row,
            frames(int(flows.orig_data_frame[row]), int(flows.last_frame[row])),
            f"the ClientHello for {targets.named(view, row)} was sent {count(_times(view, row), 'time')}: {told}",
            target=targets.named(view, row),
        )


def _read(view: Vantage, row: int) -> tuple[Verdict, Strength, str]:
    """What the silence is: a filter's, the path's or the server's."""
    flows, icmp = view.seen.flows, view.seen.icmp
    if flows.orig_acked[row] > 0:
        return Verdict.UNDETERMINED, Strength.SUGGESTIVE, "it was acknowledged, so it arrived, and no answer came"
    quoting = view.errors.rows(row)
    sized = quoting[icmp.mtu[quoting] >= 0]
    if len(sized):
        told = f"{icmp.sender[sized[0]]} asks for packets of {int(icmp.mtu[sized[0]])} octets, and they did not shrink"
        return Verdict.UNDETERMINED, Strength.STRONG, told
    if flows.resp_packets[row] > flows.resp_synacks[row] + flows.resp_fins[row]:
        told = "the responder goes on acknowledging what came before it: the large segment alone is lost (PMTU)"
        return Verdict.UNDETERMINED, Strength.STRONG, told
    if _hello_octets(view, row) > SEGMENT - SEGMENT_HEADERS:
        told = "no answer; it takes a large packet, which the path itself may swallow"
        return Verdict.BLOCKED, Strength.SUGGESTIVE, told
    return Verdict.BLOCKED, Strength.STRONG, "no answer, though it fits a packet that any path carries"


def _times(view: Vantage, row: int) -> int:
    """How often the hello was sent."""
    flows = view.seen.flows
    sent, again = int(flows.orig_payload_octets[row]), int(flows.orig_retransmitted[row])
    return max(round(sent / max(sent - again, 1)), 1)


def _hello_octets(view: Vantage, row: int) -> int:
    """Octets of a flow's hello, as far as they are known."""
    flows, tls = view.seen.flows, view.seen.tls
    said = tls.hello_octets[view.hellos.rows(row)]
    whole = int(said.max()) if len(said) else 0
    return max(whole, int(flows.orig_payload_octets[row] - flows.orig_retransmitted[row]))
