"""Questions that a resolver never answered.

Fact    a flow of DNS queries in which the resolver said nothing; how often each was sent.
Leans   blocked, suggestive, when it comes again: a dropped port 53 looks like this, and so does a resolver that is
        down.
Blind   in a capture of one direction, within its last seconds, and where it lost frames itself; a resolver of the site
        that shows nowhere else may be switched off. A client that then reached the name had its answer, whatever the
        capture shows. Answers over HTTPS or TLS are not seen.
Source  RFC 1035 section 4.2.1; RFC 1536 section 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import count, listed
from analyzer.judging.vantage import Vantage

CODE = "dns-no-answer"
STAGE = "dns"
SILENT = True
TITLE = "{host} got no answer from {whom}"
RIVALS: tuple[str, ...] = (
    "the resolver is down, or does not serve this network",
    "the name was answered over HTTPS or TLS instead, which is not seen as DNS",
)
REMEDY = "Allow UDP and TCP 53 to this resolver, or hand out by DHCP the one that is meant."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow of questions without an answer."""
    flows, dns = view.seen.flows, view.seen.dns
    silent = np.zeros(len(flows.proto), np.bool_)
    silent[dns.flow] = True
    silent &= flows.resp_packets == 0
    rows: dict[int, list[int]] = {}
    for lookup, flow, _ in view.asked():
        if silent[flow]:
            rows.setdefault(flow, []).append(lookup.row)
    reached = _reached(view) if rows else {}
    for flow, asked in rows.items():
        client, resolver = flows.orig_h[flow], flows.resp_h[flow]
        names = dict.fromkeys(dns.query[row] for row in asked)
        unheard = [
            row
            for row in asked
            if dns.query[row] in view.answers or reached.get((client, dns.query[row]), -1) < dns.ts_ns[row]
        ]
        if not unheard:
            continue
        absent = view.absent(resolver)
        sent = int(dns.queries[asked].sum())
        yield Evidence(
            CODE,
            Verdict.UNDETERMINED if absent else Verdict.BLOCKED,
            Strength.SUGGESTIVE,
            flow,
            tuple(sorted({int(dns.query_frame[row]) for row in asked} - {0}))[:4],
            f"{resolver} was asked {count(sent, 'time')} for {listed(names)}, no answer{absent}",
            target=targets.resolver(resolver),
        )


def _reached(view: Vantage) -> dict[tuple[str, str], int]:
    """Per client and name when it last began to talk to a host by that name."""
    flows = view.seen.flows
    return {
        (flows.orig_h[row], flows.server_name[row]): int(flows.start_ns[row])
        for row in np.flatnonzero(flows.server_name_basis != "").tolist()
    }
