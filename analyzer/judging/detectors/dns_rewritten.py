"""A resolver answers for a name with other addresses than the document gives for it.

Fact    a name for which the document lists addresses, and an answer that has none of them.
Leans   blocked, strong, when it comes again and no connection to the addresses that were told worked. Where one
        worked it is for the flow itself to be judged (name-at-other-address), and this is told beside it.
Blind   a vendor moves a service before its document says so; behind a proxy the addresses are not seen.
Source  the document's own table of addresses; RFC 8499 (split DNS).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging.detectors.dns_nxdomain import Reading, evidence
from analyzer.judging.vantage import Vantage
from analyzer.rulepack import matches_name

CODE = "dns-rewritten"
STAGE = "dns"
SILENT = False
TITLE = "{host} was told another address of {whom} than the document gives"
RIVALS: tuple[str, ...] = (
    "the vendor moved the service and the document is old",
    "split-horizon DNS that answers so on purpose",
)
REMEDY = "Compare the resolver's answer with that of a public one, and have it forward the name unchanged."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each answer that has none of the documented addresses."""
    worked = view.seen.flows.resp_payload_octets > 0
    good = {view.seen.flows.resp_h[row] for row in np.flatnonzero(worked).tolist()} if view.documented else set()
    for lookup, flow, _ in view.asked() if view.documented else ():
        places = [text for known in view.documented if matches_name(known.pattern, lookup.name) for text in known.at]
        public = [address for address in lookup.told if addresses.reach(address) is Reach.PUBLIC]
        if not places or not public or any(addresses.within_texts(address, places) for address in public):
            continue
        leaning = Verdict.UNDETERMINED if good & set(public) else Verdict.BLOCKED
        detail = f"{lookup.resolver} answers {lookup.name} with {public[0]}; the document gives {places[0]}"
        yield evidence(view, CODE, flow, lookup, Reading(leaning, Strength.STRONG, detail))
