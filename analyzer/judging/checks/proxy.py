"""An explicit proxy may be used; its credentials do not travel in clear."""

from __future__ import annotations

import numpy as np

from analyzer.findings import Finding, Outcome, Strength, Verdict
from analyzer.judging.case import Answer, Case, Rows, common, count, listed, united
from analyzer.judging.index import Index
from analyzer.judging.place import Actor
from analyzer.judging.reports import Claim, finding
from analyzer.rulepack import Rule

KIND = "proxy"
CODE = "proxy-credentials-clear"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Fails where credentials were seen in clear; holds where a proxy opened a way; else not observed."""
    http = case.seen.http
    asked = np.unique(http.flow[np.isin(http.form, ("absolute", "authority"))])
    requests = Index(http.flow)
    findings: list[Finding] = []
    parts = [case.allowed([rule.id], Verdict.EXPECTED, Verdict.UNDETERMINED)]
    for actor in case.actors(rule):
        parts.append(common(case.of([actor]), asked))
        findings += _in_clear(rule, case, actor, requests.among(parts[-1].tolist()))
    used = united(parts)
    servers = listed(
        sorted({f"{case.seen.flows.resp_h[row]} port {case.seen.flows.resp_p[row]}" for row in used.tolist()})
    )
    if findings:
        return Answer(Outcome.FAILS, f"credentials in clear to {servers}; shown nowhere", used, tuple(findings))
    granted = [ruling for ruling in case.ruled(used.tolist()) if ruling.plain is Verdict.EXPECTED]
    if granted:
        return Answer(
            Outcome.HOLDS, f"{count(len(granted), 'flow')} through {servers}, each judged by whom it asked for", used
        )
    if len(used):
        return Answer(Outcome.NOT_OBSERVED, f"{count(len(used), 'flow')} to {servers}, none of which got through", used)
    return Answer(Outcome.NOT_OBSERVED, "no request to a proxy is in the capture")


def _in_clear(rule: Rule, case: Case, actor: Actor, requests: Rows) -> list[Finding]:
    """One finding for each proxy that got credentials in clear, from rows of Http."""
    http, flows = case.seen.http, case.seen.flows
    by_proxy: dict[str, list[int]] = {}
    for row in requests[http.proxy_credentials[requests]].tolist():
        flow = int(http.flow[row])
        by_proxy.setdefault(f"{flows.resp_h[flow]} port {flows.resp_p[flow]}", []).append(row)
    made = []
    for whom, held in by_proxy.items():
        claim = Claim(
            CODE,
            f"{actor.name} sent its proxy credentials in clear to {whom}",
            f"{count(len(held), 'request')} with Proxy-Authorization",
            actor.name,
            rule.severity,
            Strength.PROOF,
            frames=tuple(int(http.request_frame[row]) for row in held[:3]),
        )
        made.append(finding(case, rule, claim, np.unique(http.flow[held])))
    return made
