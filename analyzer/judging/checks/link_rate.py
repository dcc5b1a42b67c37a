"""The link carries the load: what was carried is seen, the link's speed is not."""

from __future__ import annotations

import numpy as np

from analyzer.findings import Outcome
from analyzer.judging.case import NONE, Answer, Case, lasting
from analyzer.rulepack import Rule

KIND = "link-rate"
LAST = 0


def check(rule: Rule, case: Case) -> Answer:
    """Not observable, with the peak that was carried, whether the rule's rate carries it, and what was sent again."""
    rates, width = case.seen.rates, case.seen.quality.bin_ns
    once = case.docket.traffic.once[rates.flow]
    if not once.any():
        return Answer(Outcome.NOT_OBSERVED, "nothing was carried")
    bins, which = np.unique(rates.start_ns[once], return_inverse=True)
    totals = np.zeros(len(bins), np.int64)
    np.add.at(totals, which, (rates.orig_octets + rates.resp_octets)[once])
    peak = float(totals.max()) * 8e9 / width
    flows = case.seen.flows
    payload = int(flows.orig_payload_octets.sum() + flows.resp_payload_octets.sum())
    again = int(flows.orig_retransmitted.sum() + flows.resp_retransmitted.sum())
    share = f"{again / payload:.1%}" if payload else "none"
    because = (
        f"no capture shows a link's speed; at most {peak / 1e6:.4g} Mbit/s passed within {width / 1e9:g} s"
        f" of {lasting(case.duration_s)}, and {share} of the payload was sent again"
    )
    granted = rule.options.get("bps")
    if isinstance(granted, int | float) and 0 < granted < peak:
        because += f"; that is more than {granted / 1e6:g} Mbit/s carry, where it was one link"
    return Answer(Outcome.NOT_OBSERVABLE, because, NONE)
