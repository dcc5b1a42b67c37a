"""TLS is end to end between a host and whom it names."""

from __future__ import annotations

from collections import Counter

import numpy as np

from analyzer.findings import Outcome, Verdict
from analyzer.judging.case import NONE, Answer, Case, Rows, common, count, listed
from analyzer.judging.remedies import outside
from analyzer.rulepack import Rule

KIND = "no-interception"
LAST = 0
WORDS = {"proven": "proven end to end", "no_sign": "without a sign", "suspected": "suspected", "broken": "opened"}


def check(rule: Rule, case: Case) -> Answer:
    """Fails where TLS is opened; holds where each flow is proven; else not observable: TLS 1.3 hides what tells."""
    rows = _meant(rule, case)
    if not len(rows):
        return Answer(Outcome.NOT_OBSERVED, "no such TLS flow is in the capture")
    column = case.docket.end_to_end
    assert column is not None
    states = Counter(str(column[row]) for row in rows.tolist())
    counts = ", ".join(f"{states[state]} {words}" for state, words in WORDS.items() if states[state])
    told = f"{count(len(rows), 'TLS flow')}: {counts}"
    broken = rows[column[rows] == "broken"]
    if len(broken):
        return Answer(Outcome.FAILS, f"{told}; {_by_whom(case, broken)}", rows)
    if states["proven"] == len(rows):
        return Answer(Outcome.HOLDS, told, rows)
    why = "; TLS 1.3, and a session that is resumed, show no certificate" if states["no_sign"] else ""
    open_rows = [int(row) for row in rows.tolist() if column[row] != "proven"]
    because = f"{told}{_unvouched(case, rows)}{why}; {outside(case, open_rows)}"
    return Answer(Outcome.NOT_OBSERVABLE, because, rows)


def _meant(rule: Rule, case: Case) -> Rows:
    """The TLS flows of which the rule speaks, so far as anybody answered."""
    rows = case.of(case.actors(rule))
    if rule.options.get("rules"):
        named = [found.id for found in case.selected(rule, "rules")]
        rows = common(rows, case.allowed(named, Verdict.EXPECTED, Verdict.UNDETERMINED, Verdict.BLOCKED))
    tls, column = case.seen.tls, case.docket.end_to_end
    told = np.flatnonzero(column != "no_sign") if column is not None else NONE
    return common(common(rows, np.unique(tls.flow)), np.union1d(tls.flow[tls.server_hello_frame > 0], told))


def _by_whom(case: Case, broken: Rows) -> str:
    """Who opens flows, and with whom they are."""
    mine = set(broken.tolist())
    openings = [opening for opening in case.openings() if opening.certain and mine & set(opening.flows)]
    by = listed(dict.fromkeys(f"{opening.code}{', by ' if opening.by else ''}{opening.by}" for opening in openings))
    names = dict.fromkeys(seen.target for opening in openings for seen in opening.evidence if seen.flow in mine)
    return f"{listed(names)} ({by})"


def _unvouched(case: Case, rows: Rows) -> str:
    """Whose certificates nobody vouches for, without a mark of forgery."""
    issuers = [case.docket.unvouched[row] for row in rows.tolist() if row in case.docket.unvouched]
    if not issuers:
        return ""
    who = listed(f"“{issuer}”" for issuer in dict.fromkeys(issuers))
    return f"; {len(issuers)} with certificates of {who}, for whom no public root vouches: pass its root with --trust"
