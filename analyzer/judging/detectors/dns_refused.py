"""A resolver refuses to answer for a name.

Fact    RCODE 5 (REFUSED) for a name that a document lists.
Leans   blocked, strong, where another resolver gave addresses for it; else suggestive, when it comes again.
        Undetermined where the same resolver answers for other names of the same operator.
Blind   a resolver that refuses everything does not serve this client, which is a matter of its own configuration.
Source  RFC 1035 section 4.1.1; RFC 8914 section 4 (extended errors).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.judging.detectors.dns_nxdomain import denied
from analyzer.judging.vantage import Vantage

CODE = "dns-refused"
STAGE = "dns"
SILENT = False
TITLE = "{host} was refused an answer for {whom}"
RIVALS: tuple[str, ...] = ("the resolver serves other networks only: it refuses every name",)
REMEDY = "Let the resolver serve this host, and take the name out of its filter."


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each lookup that was refused."""
    return denied(view, CODE, "REFUSED", "refuses to answer for {name}")
