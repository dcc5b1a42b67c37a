"""Servers of unrelated operators that all answer from next door, with one TCP stack.

Fact    SYN-ACKs of public servers that passed no router although one lies between, alike in TTL and MSS, for names of
        unrelated operators.
Leans   suspected: a box on the way ends the TCP connections of all and relays them. It need not decrypt: a proxy that
        passes TLS on unopened looks the same.
Blind   connections to an explicit proxy, which ends them openly; captures in which nothing else tells that a router
        lies between; a box that keeps the server's distance (an inline bridge), or that stands in the cloud.
Source  RFC 3135 section 2.1; Weaver, Kreibich, Dam, Paxson, "Here Be Web Proxies", PAM 2014.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders
from analyzer.judging.case import count, frames, listed
from analyzer.judging.sessions import Session, owner, unrelated
from analyzer.judging.sight import Sight
from analyzer.judging.vantage import LEAST_TRIP_NS, milliseconds

CODE = "operators-one-stack"
TITLE = "{host} reaches {whom} through a box that ends its TCP connections"
RIVALS: tuple[str, ...] = (
    "a proxy or an accelerator that relays TLS without opening it",
    "a firewall that answers SYNs itself to keep floods away",
)
REMEDY = "Capture beyond the box at the same time and compare: equal hellos show that it only relays."


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session that such a box answers."""
    flows = sight.view.seen.flows
    alike: dict[tuple[str, int, int, str], list[Session]] = defaultdict(list)
    for session in sight.abroad:
        row = session.flow
        front = senders.in_front(sight.view, row) if session.via != "connect" and flows.resp_synacks[row] else None
        if front:
            key = session.client, int(flows.resp_ttl_high[row]), int(flows.resp_mss[row]), front.by
            alike[key].append(session)
    for (_, ttl, mss, by), held in alike.items():
        names = [session.name for session in held]
        servers = {session.server for session in held}
        if len(servers) < 2 or not unrelated(names):
            continue
        owners = sorted({owner(name) for name in names} - {""})
        who = f"{count(len(servers), 'server')} of {listed(owners)}"
        said = f"{who} answer from next door with TTL {ttl} and MSS {mss}"
        for session in held:
            yield Evidence(
                CODE,
                Verdict.INTERCEPTED,
                Strength.SUGGESTIVE,
                session.flow,
                frames(int(flows.first_frame[session.flow]), int(flows.resp_frame[session.flow])),
                f"{said}{_waited(sight, session)}",
                target=session.whom,
                by=by,
            )


def _waited(sight: Sight, session: Session) -> str:
    """That the answer to the hello took a way that the SYN-ACK did not, where it did."""
    trip = int(sight.view.seen.flows.synack_ns[session.flow])
    hello = int(sight.view.seen.tls.answer_ns[session.row])
    if 0 <= trip < LEAST_TRIP_NS <= hello:
        return f"; the SYN-ACK came after {milliseconds(trip)}, the ServerHello after {milliseconds(hello)}"
    return ""
