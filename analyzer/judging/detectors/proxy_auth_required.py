"""A proxy asks for credentials, and never gets any that it takes.

Fact    requests that were answered 407, and no request of the same client for the same host that was granted.
Leans   blocked, strong, when it comes again: one 407 is how authentication begins.
Blind   whether the credentials were wrong or missing is told only where they travel in clear.
Source  RFC 9110 section 15.5.8 and 11.7.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging.case import frames
from analyzer.judging.detectors.proxy_denied import grants
from analyzer.judging.vantage import Vantage

CODE = "proxy-auth-required"
STAGE = "proxy"
SILENT = False
TITLE = "{host} has no credentials that the proxy takes, on its way to {whom}"
RIVALS: tuple[str, ...] = (
    "wrong or missing credentials in the device's proxy settings: then the device is to be corrected, not the proxy",
)
REMEDY = (
    "Enter valid credentials in the device's proxy settings, or except its address from authentication on the proxy."
)
ASKED = 407


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each request that stayed at 407."""
    http, flows = view.seen.http, view.seen.flows
    granted = grants(view)
    for k in np.flatnonzero(http.status == ASKED).tolist():
        row = int(http.flow[k])
        if not view.wanted[row] or (flows.orig_h[row], http.host[k]) in granted:
            continue
        proxy = f"{flows.resp_h[row]} port {flows.resp_p[row]}"
        sent = "credentials were sent and not taken" if http.proxy_credentials[k] else "no credentials were sent"
        yield Evidence(
            CODE,
            Verdict.BLOCKED,
            Strength.STRONG,
            row,
            frames(int(http.request_frame[k]), int(http.response_frame[k])),
            f"the proxy {proxy} answered 407 to {http.method[k]} {http.host[k]}; {sent}",
            target=f"credentials at {proxy}",
            by=f"the proxy {proxy}",
        )
