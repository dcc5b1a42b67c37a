"""A SYN that was never answered, although it was sent again or waited for.

Fact    conn_state S0: no SYN-ACK and no RST came back; the same initial sequence number again is a retry, another one
        a new attempt.
Leans   blocked, suggestive: a firewall that drops without a word looks like this, and so does a host that is switched
        off. Where the host shows elsewhere in the capture that it is on, only a filter or an overloaded program is
        left.
Blind   in a capture of one direction, within its last seconds, and where it lost frames itself; a host of the site
        that shows nowhere else may be switched off, which is no block.
Source  RFC 9293 section 3.8.1; RFC 6298 section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import count, frames
from analyzer.judging.vantage import PATIENCE_NS, Vantage

CODE = "syn-unanswered"
STAGE = "tcp"
SILENT = True
TITLE = "{host} got no answer from {whom}: its SYNs vanish"
RIVALS: tuple[str, ...] = (
    "the server, or its port, was down: try the same from another network",
    "the answers came, but not past the place of the capture (one-sided mirror, asymmetric route)",
)
REMEDY = "Look for a rule that drops this traffic without a word, on every firewall between the two."
RETRIES = 3
"""SYNs of one attempt, at least, that make a silent port of a host that is on more than a coincidence."""


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow whose opening got no answer at all."""
    flows = view.seen.flows
    silent = view.opened & (flows.orig_syns > 0) & (flows.resp_packets == 0)
    for row in view.rows(silent):
        server, syns, tries = flows.resp_h[row], int(flows.orig_syns[row]), max(int(flows.attempts[row]), 1)
        span = (int(flows.end_ns[row]) - int(flows.start_ns[row])) / 1e9
        alive, absent = view.alive(server), view.absent(server)
        detail = f"{count(syns, 'SYN')} to {targets.place(view, row)} in {count(tries, 'attempt')}, no answer"
        detail += f"; {server} is on: other packets of it are in the capture" if alive else absent
        yield Evidence(
            CODE,
            Verdict.UNDETERMINED if absent else Verdict.BLOCKED,
            Strength.STRONG if alive else Strength.SUGGESTIVE,
            row,
            frames(int(flows.first_frame[row]), int(flows.last_frame[row])),
            detail,
            target=targets.place(view, row),
            alone=alive and syns >= RETRIES * tries and span * 1e9 >= PATIENCE_NS,
        )
