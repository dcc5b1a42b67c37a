"""One detector per thing that is seen where a flow does not work: facts in, evidence out.

A module's docstring is its documentation, which `analyzer explain CODE` prints: what was seen; Fact, Leans, Blind and
Source  as STYLE has them. It says what looks like it (RIVALS), and the weighing decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from analyzer.findings import Evidence
from analyzer.judging.detectors import (
    alert_from_server,
    dns_no_answer,
    dns_nxdomain,
    dns_refused,
    dns_rewritten,
    dns_servfail,
    dns_sinkholed,
    http_block_page,
    http_captive_portal,
    icmp_prohibited,
    icmp_unreachable,
    proxy_auth_required,
    proxy_denied,
    reset_after_hello,
    reset_foreign,
    silent_after_hello,
    stalled,
    syn_refused,
    syn_unanswered,
    synack_unheard,
    udp_unanswered,
)
from analyzer.judging.vantage import Vantage


class Detector(Protocol):
    """A module of this folder.

    CODE    stable; part of the published output
    STAGE   how far an attempt came: dns, tcp, icmp, tls, proxy, http, udp, later
    SILENT  it rests on what is not in the capture, which loss, a cut or a one-way mirror would explain as well
    TITLE   of its findings: {host} was stopped, on its way to {whom}
    RIVALS  what else looks like it
    REMEDY  what to change, beside the ticket that is written for each finding
    """

    CODE: str
    STAGE: str
    SILENT: bool
    TITLE: str
    RIVALS: tuple[str, ...]
    REMEDY: str

    def find(self, view: Vantage) -> Iterator[Evidence]:
        """The evidence in a capture."""


DETECTORS: tuple[Detector, ...] = (
    icmp_prohibited,
    icmp_unreachable,
    syn_refused,
    syn_unanswered,
    synack_unheard,
    reset_after_hello,
    silent_after_hello,
    alert_from_server,
    reset_foreign,
    proxy_denied,
    proxy_auth_required,
    http_block_page,
    http_captive_portal,
    dns_no_answer,
    dns_nxdomain,
    dns_refused,
    dns_servfail,
    dns_sinkholed,
    dns_rewritten,
    udp_unanswered,
    stalled,
)
"""All of them; of several that tell of one flow, the first one names the finding."""
