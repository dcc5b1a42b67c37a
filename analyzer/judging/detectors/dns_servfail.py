"""A resolver fails to resolve a name.

Fact    RCODE 2 (SERVFAIL) for a name that a document lists.
Leans   blocked, strong, where another resolver gave addresses for the same name: then this one is kept from it. Else
        undetermined: a resolver fails for many reasons, most of them nobody's intent.
Blind   broken DNSSEC of the zone, an authoritative server that is down, a resolver without a way to the internet.
Source  RFC 1035 section 4.1.1; RFC 8914 section 4; RFC 4035 section 5.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.findings import Evidence, Verdict
from analyzer.judging.detectors.dns_nxdomain import denied
from analyzer.judging.vantage import Vantage

CODE = "dns-servfail"
STAGE = "dns"
SILENT = False
TITLE = "{host} got a failure instead of an address of {whom}"
RIVALS: tuple[str, ...] = (
    "the zone's DNSSEC is broken, or the resolver validates with a wrong clock",
    "the zone's own servers are down",
)
REMEDY = (
    "Look into the resolver's log for this name; let it reach the internet on port 53, or forward to one that does."
)


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each lookup that failed."""
    for found in denied(view, CODE, "SERVFAIL", "could not resolve {name}"):
        yield found if found.alone else replace(found, leaning=Verdict.UNDETERMINED)
