"""A TLS session that leaves the site with another hello than it came with.

Fact    of two captures at the same time, one on either side of a firewall or proxy: the ClientHello outside, for the
        same name at the same moment, is not that of inside octet for octet; or the ServerHellos differ.
Leans   intercepted, proof: a hello holds the client's random number and its half of the keys, and no two are alike, so
        that somebody between the taps ends TLS and begins it anew. Strong where it is a single one, known by name.
Blind   an interceptor beyond both taps; one that shows by nothing but its hello: neither by the numbers of a connection
        that it leaves as it is, nor by an answer from next door where the server is far away. A session that such a box
        took another way out, where another host that the inside tap does not show went to the name at the moment.
Source  RFC 8446 sections 4.1.2 and 4.2.8; RFC 5246 section 7.4.1.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders
from analyzer.judging.case import frames
from analyzer.judging.sessions import Session
from analyzer.judging.sight import Sight
from analyzer.observations import Observations
from analyzer.taps import Passage

CODE = "hello-differs"
AGAIN = 2
TITLE = "{host}: TLS with {whom} is opened between the two taps"
RIVALS: tuple[str, ...] = ("two ways out of the site, with another host's session to the same name at the same moment",)
REMEDY = "The box between the two taps does it: exempt the names from its decryption, then compare again."


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session that is said anew between the taps."""
    if sight.across is None:
        return
    there, tls = sight.across.there, sight.view.seen.tls
    rows = {flow: row for row, flow in reversed(list(enumerate(there.tls.flow.tolist())))}
    opened = {flow: crossing for flow, crossing in sight.across.flows.items() if crossing.passage is Passage.OPENED}
    lone = len(opened) < AGAIN
    for session in sight.sessions:
        crossing = opened.get(session.flow)
        if crossing is None:
            continue
        front = senders.in_front(sight.view, session.flow)
        yield Evidence(
            CODE,
            Verdict.INTERCEPTED,
            Strength.STRONG if lone and crossing.by == "name" else Strength.PROOF,
            session.flow,
            frames(int(tls.client_hello_frame[session.row]), int(tls.server_hello_frame[session.row])),
            _said(sight.view.seen, session, there, rows[crossing.other]),
            target=session.whom,
            by=f"{front.by}, between the two taps" if front else "a box between the two taps",
            alone=True,
        )


def _said(here: Observations, session: Session, there: Observations, row: int) -> str:
    """In what the two sides differ, and where to look on the other one."""
    parts = []
    if here.tls.client_print[session.row] != there.tls.client_print[row]:
        parts.append("the ClientHello here is not the one there")
    else:
        parts.append("the ClientHello is the same, and the ServerHello is not")
    for what, column in (("JA4", "ja4"), ("version", "version"), ("cipher suite", "cipher")):
        ours, theirs = getattr(here.tls, column)[session.row], getattr(there.tls, column)[row]
        if ours and theirs and ours != theirs:
            parts.append(f"{what} {ours} here, {theirs} there")
    frame = int(there.tls.client_hello_frame[row])
    return f"{session.whom}: {'; '.join(parts)} (at the other tap frame {frame} of {_capture(there)})"


def _capture(there: Observations) -> str:
    """The other tap's captures, in words."""
    names = [capture.path.replace("\\", "/").rpartition("/")[2] for capture in there.captures]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
