"""A TLS alert in clear from the server's side, before any data went through.

Fact    an alert record of the responder before the session was established, and its description.
Leans   undetermined: an alert is what a server says of itself (its policy, its versions, its certificate), and
        nobody's block. Blocked only where the answers come from nearer than the server can be: strong where the
        alert speaks of a policy (access_denied), else suggestive: a proxy that nobody sees passes it on.
Blind   alerts that TLS 1.3 encrypts.
Source  RFC 8446 section 6; RFC 5246 section 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer import iana
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders, targets
from analyzer.judging.case import frames
from analyzer.judging.vantage import Vantage

CODE = "alert-from-server"
STAGE = "tls"
SILENT = False
TITLE = "{host} was turned away with a TLS alert on its way to {whom}"
RIVALS: tuple[str, ...] = (
    "the server itself refuses: version, name or client certificate (its policy)",
    "a proxy on the way that passes on the server's own alert",
)
REMEDY = (
    "Where the alert comes from a box of the site, exempt the name from its inspection; else ask the server's owner."
)
ACCESS_DENIED = 49
FATAL = frozenset(range(10, 121)) - {90, 100}  # all but close_notify, user_canceled, no_renegotiation


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each session that an alert from the server's side ended."""
    flows, tls = view.seen.flows, view.seen.tls
    for k in np.flatnonzero((tls.alert_from == "server") & ~tls.established & np.isin(tls.alert, list(FATAL))).tolist():
        row = int(tls.flow[k])
        if not view.wanted[row]:
            continue
        front = senders.in_front(view, row)
        name = iana.tls_alert_name(int(tls.alert[k]))
        detail = f"{targets.named(view, row)} answered with the alert {name}"
        yield Evidence(
            CODE,
            Verdict.BLOCKED if front else Verdict.UNDETERMINED,
            Strength.STRONG if front and tls.alert[k] == ACCESS_DENIED else Strength.SUGGESTIVE,
            row,
            frames(int(tls.client_hello_frame[k]), int(tls.alert_frame[k])),
            f"{detail}: {front.why}" if front else f"{detail}: the server itself refuses",
            target=targets.named(view, row),
            by=front.by if front else flows.resp_h[row],
        )
