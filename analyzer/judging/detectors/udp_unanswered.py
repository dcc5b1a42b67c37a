"""Requests over UDP that were never answered, of protocols that answer each request.

Fact    DNS queries, or NTP requests (mode 3), of a flow in which the responder said nothing.
Leans   blocked, suggestive, where no server of that sort answered this client: a dropped port looks like this, and so
        does a server that is down. Where another time server answered, one that is silent is that one's own matter.
Blind   in a capture of one direction, within its last seconds, and where it lost frames itself; a server of the
        site that shows nowhere else may be switched off.
Source  RFC 5905 section 7.3; RFC 1035 section 4.2.1; RFC 8085 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import count, frames
from analyzer.judging.traffic import UDP
from analyzer.judging.vantage import Vantage

CODE = "udp-unanswered"
STAGE = "udp"
SILENT = True
TITLE = "{host} got no answer from {whom}"
RIVALS: tuple[str, ...] = (
    "the server was down",
    "the answers came, but not past the place of the capture (one-sided mirror, asymmetric route)",
)
REMEDY = "Allow the port outbound, and the answers back."
CLIENT = 3  # RFC 5905 figure 10


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow of requests that got no answer."""
    flows = view.seen.flows
    asked = np.zeros(len(flows.proto), np.int64)
    np.add.at(asked, view.seen.ntp.flow[view.seen.ntp.mode == CLIENT], 1)
    np.add.at(asked, view.seen.dns.flow, view.seen.dns.queries.astype(np.int64))
    silent = (flows.proto == UDP) & (flows.resp_packets == 0) & (asked > 0) & np.isin(flows.service, ("dns", "ntp"))
    for row in view.rows(silent):
        absent = view.absent(flows.resp_h[row])
        clock = flows.service[row] == "ntp"
        yield Evidence(
            CODE,
            Verdict.UNDETERMINED if absent else Verdict.BLOCKED,
            Strength.SUGGESTIVE,
            row,
            frames(int(flows.first_frame[row]), int(flows.last_frame[row])),
            f"{count(int(asked[row]), 'request')} to {targets.place(view, row)}, no answer{absent}",
            target=targets.CLOCKS if clock else targets.resolver(flows.resp_h[row]),
        )
