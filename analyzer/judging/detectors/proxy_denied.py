"""A proxy refuses to open the way.

Fact    a CONNECT that was answered 403 or 451, and none of the same client to the same host that was granted.
Leans   blocked, strong and by itself: the proxy says so. A request in absolute form that is answered 403 may be
        refused by the server behind the proxy, unless the answer shows that the proxy wrote it. That it could
        not reach the host (502, 503, 504), or is no proxy (405), is told, and nobody's block yet.
Blind   what a proxy refuses inside TLS to itself is not seen.
Source  RFC 9110 sections 9.3.6, 15.5.4 and 15.6; RFC 7725 (451).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import products
from analyzer.judging.case import frames
from analyzer.judging.vantage import Vantage

CODE = "proxy-denied"
STAGE = "proxy"
SILENT = False
TITLE = "{host} was refused the way to {whom} by the proxy"
RIVALS: tuple[str, ...] = ("a rule of the proxy that lets this host through under another name, user or category only",)
REMEDY = "Allow the name on the proxy for this host, without decryption."
DENIED = frozenset({403, 451})
UNSURE = frozenset({405, 502, 503, 504})


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each request that a proxy refused."""
    http, flows = view.seen.http, view.seen.flows
    granted = grants(view)
    for k in np.flatnonzero(np.isin(http.status, list(DENIED | UNSURE))).tolist():
        row = int(http.flow[k])
        form, client = http.form[k], flows.orig_h[row]
        whom = f"{http.host[k]} port {max(int(http.port[k]), 80) if form == 'absolute' else int(http.port[k])}"
        if not view.wanted[row] or form not in {"authority", "absolute"} or (client, http.host[k]) in granted:
            continue
        proxy = f"{flows.resp_h[row]} port {flows.resp_p[row]}"
        product = products.named("", http.title[k], http.refusal[k])
        status = int(http.status[k])
        own = form == "authority" or bool(product)
        detail = f"the proxy {proxy} answered {status} to {http.method[k]} {whom}"
        detail += "" if own or status in UNSURE else "; the server behind it may say so"
        yield Evidence(
            CODE,
            Verdict.BLOCKED if own and status in DENIED else Verdict.UNDETERMINED,
            Strength.STRONG if own else Strength.SUGGESTIVE,
            row,
            frames(int(http.request_frame[k]), int(http.response_frame[k])),
            detail,
            target=f"{whom} through {proxy}",
            by=f"the proxy {proxy}{f' ({product})' if product else ''}",
            alone=True,
        )


def grants(view: Vantage) -> set[tuple[str, str]]:
    """Clients and hosts to which a proxy opened the way, or of which it fetched something."""
    http, flows = view.seen.http, view.seen.flows
    good = np.isin(http.form, ("authority", "absolute")) & (http.status >= 200) & (http.status < 400)
    return {(flows.orig_h[http.flow[k]], http.host[k]) for k in np.flatnonzero(good).tolist()}
