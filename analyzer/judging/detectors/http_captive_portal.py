"""A plain HTTP request is answered by a portal that wants a login first.

Fact    status 511, or a redirect to a login page on another host: at an address of the site, from nearer than the
        server can be, or the same one for hosts of several operators.
Leans   blocked, strong and by itself, for 511, which means nothing else, and for an answer from nearby; else strong
        where hosts of several operators lead to one portal of the site, or to one that calls itself a portal: a login
        page in public that unrelated services share is single sign-on. One redirect into the site is suggestive.
Blind   in flows that the capture meets midway; where the resolver answers with the portal's address already.
Source  RFC 6585 section 6; RFC 8952; RFC 8908.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders, targets
from analyzer.judging.case import frames
from analyzer.judging.detectors.http_block_page import REDIRECTS, elsewhere
from analyzer.judging.lookups import operator
from analyzer.judging.vantage import Vantage

CODE = "http-captive-portal"
STAGE = "http"
SILENT = False
TITLE = "{host} has to log in at a portal before it reaches {whom}"
RIVALS: tuple[str, ...] = ("a login of the service itself on another operator's host",)
REMEDY = "Except the device's MAC or address from the portal: it cannot log in by itself."
REQUIRED = 511
LOGIN = re.compile(r"(?:^|[^a-z])(?:log-?in|sign-?in|auth\w*)(?:[^a-z]|$)")
PORTAL = re.compile(
    r"(?:^|[^a-z])(?:(?:captive-?)?portal|hotspot|captive|guest|splash|welcome|wi-?fi|wlan)(?:[^a-z]|$)"
)


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each answer that is a portal's."""
    http, flows = view.seen.http, view.seen.flows
    answered = np.isin(http.status, [*REDIRECTS, REQUIRED]) & ~flows.midstream[http.flow]
    rows = np.flatnonzero((http.form == "origin") & answered).tolist()
    led = {k: elsewhere(http.host[k], http.target[k], http.location[k]) for k in rows}
    operators: dict[str, set[str]] = defaultdict(set)
    for k, place in led.items():
        if place:
            operators[place[0]].add(operator(http.host[k]))
    for k, place in led.items():
        row = int(http.flow[k])
        if not view.wanted[row]:
            continue
        if place and addresses.reach(flows.resp_h[row]) is not Reach.PUBLIC:
            continue
        front = senders.in_front(view, row)
        several = place is not None and len(operators[place[0]]) > 1
        strength = _strength(int(http.status[k]), place, several=several, front=front is not None)
        if strength is None:
            continue
        where = f"a redirect to {place[0]}{place[1]}" if place else "network authentication is required"
        yield Evidence(
            CODE,
            Verdict.BLOCKED,
            strength,
            row,
            frames(int(http.request_frame[k]), int(http.response_frame[k])),
            f"{http.method[k] or 'a request'} to {http.host[k] or flows.resp_h[row]} was answered"
            f" {int(http.status[k])}, {where}",
            target=targets.named(view, row),
            by=front.by if front else f"the portal at {place[0]}" if place else flows.resp_h[row],
            alone=strength is Strength.STRONG,
        )


def _strength(status: int, place: tuple[str, str] | None, *, several: bool, front: bool) -> Strength | None:
    """How much an answer speaks for a portal, None where it does not."""
    if status == REQUIRED:
        return Strength.STRONG
    if place is None:
        return None
    words = f"{place[0]}{place[1]}".lower()
    local, portal = addresses.reach(place[0]) is Reach.LOCAL, bool(PORTAL.search(words))
    if not portal and not LOGIN.search(words):
        return None
    if front or (several and (local or portal)):
        return Strength.STRONG
    return Strength.SUGGESTIVE if local else None
