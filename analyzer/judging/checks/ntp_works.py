"""A host gets the time."""

from __future__ import annotations

import numpy as np

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import Answer, Case, count, listed, stopped, united
from analyzer.judging.checks.reachable import all_stopped
from analyzer.judging.remedies import capture
from analyzer.rulepack import Rule

KIND = "ntp-works"
LAST = 1
SERVER = 4  # RFC 5905 figure 10: mode of a server's answer


def check(rule: Rule, case: Case) -> Answer:
    """Holds where a synchronised server answered; a kiss-o'-death (stratum 0) is no time (RFC 5905 section 7.4)."""
    ids = [found.id for found in case.selected(rule)]
    worked = case.allowed(ids, Verdict.EXPECTED)
    tried = case.allowed(ids, Verdict.UNDETERMINED)
    blocks = case.blocks(ids)
    ntp = case.seen.ntp
    answers = np.isin(ntp.flow, worked) & (ntp.mode == SERVER)
    kissed = answers & (ntp.stratum == 0)
    if (answers & ~kissed).any():
        servers = listed(
            sorted({case.seen.flows.resp_h[row] for row in np.unique(ntp.flow[answers & ~kissed]).tolist()})
        )
        silent = united([tried, stopped(blocks)])
        more = f"; {count(len(silent), 'flow')} without an answer" if len(silent) else ""
        return Answer(Outcome.HOLDS, f"{count(int((answers & ~kissed).sum()), 'answer')} from {servers}{more}", worked)
    if kissed.any():
        return Answer(Outcome.NOT_OBSERVED, f"servers answered, but with no time: {listed(ntp.ref_id[kissed])}", worked)
    if blocks:
        return all_stopped(blocks)
    if len(tried):
        why = listed(case.reasons(ids))
        because = f"{count(len(tried), 'flow')} asked, none answered: {why}; {capture(case, tried)}"
        return Answer(Outcome.NOT_OBSERVED, because, tried)
    return Answer(Outcome.NOT_OBSERVED, "no NTP of such a host is in the capture")
