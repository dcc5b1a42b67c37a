"""A plain HTTP request is answered with a page that says it is blocked, in the server's name.

Fact    a redirect of a public server to another host, or a page, that bears a known filter's mark, or words such as
        "blocked" where the answer comes from nearer than the server can be; Location, title, headers.
Leans   blocked, strong and by itself, with a product's mark or from nearby; suggestive with the words alone, for a page
        of status 200, and for products that operators also put before their own servers. A 403 or 451 that does not
        say so is taken for the server's own refusal, from nearby too: a proxy that nobody sees passes it on.
Blind   in flows that the capture meets midway, and for what a filter says inside TLS; redirects of one operator, to a
        mirror with the same file, or from http to https are none.
Source  RFC 9110 sections 15.4 and 15.5.4; the products' own documentation (products.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import products, senders, targets
from analyzer.judging.case import frames
from analyzer.judging.lookups import operator
from analyzer.judging.vantage import Vantage

CODE = "http-block-page"
STAGE = "http"
SILENT = False
TITLE = "{host} gets a block page instead of {whom}"
RIVALS: tuple[str, ...] = (
    "the server's own page, where its operator closed the service",
    "a proxy on the way that passes on the server's own answer",
)
REMEDY = "Take the name out of the web filter's category or list, or except the host from filtering."
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REFUSALS = frozenset({403, 451})
PAGES = REFUSALS | {200}
PLACE = re.compile(r"https?://(?P<host>\[[0-9a-f:.]+\]|[^/:?#]+)(?::\d+)?(?P<path>/[^?#]*)?", re.IGNORECASE)
WORDS = re.compile(r"(?:^|[^a-z])(?:block(?:ed|page|er|ing)?|den(?:y|ied)|web-?filter|url-?filter)(?:[^a-z]|$)")
SAYS = re.compile(
    r"(?:access|page|site|request|url)\b.{0,40}\b(?:blocked|denied|forbidden|restricted)|blocked by", re.IGNORECASE
)
EDGES = ("akamaighost", "amazons3", "cloudflare", "cloudfront", "gws", "microsoft-azure", "varnish")
"""Server fields of content networks, whose own refusals say that access is denied; a proxy passes them on."""


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each answer that is a filter's."""
    http, flows = view.seen.http, view.seen.flows
    answered = (http.form == "origin") & (http.status >= 200) & (http.status != 511) & ~flows.midstream[http.flow]
    for k in np.flatnonzero(answered).tolist():
        row = int(http.flow[k])
        read = _read(view, k) if view.wanted[row] else None
        if read is None:
            continue
        leaning, strength, by, detail = read
        yield Evidence(
            CODE,
            leaning,
            strength,
            row,
            frames(int(http.request_frame[k]), int(http.response_frame[k])),
            f"{http.method[k] or 'a request'} to {http.host[k] or flows.resp_h[row]} was answered"
            f" {int(http.status[k])}, {detail}",
            target=targets.named(view, row),
            by=by,
            alone=strength is Strength.STRONG,
        )


def elsewhere(host: str, target: str, location: str) -> tuple[str, str] | None:
    """Host and path to which a redirect leads, None where it stays with the operator or leads to a mirror."""
    place = PLACE.match(location)
    if not place:
        return None
    there, path = place["host"].lower().strip("[]").rstrip("."), place["path"] or "/"
    literal = addresses.parse(there) is not None
    if there == host or (not literal and operator(there) == operator(host)):
        return None
    last = target.rstrip("/").rpartition("/")[2]
    if last and path.rstrip("/").endswith(f"/{last}"):
        return None
    return there, path


def _read(view: Vantage, k: int) -> tuple[Verdict, Strength, str, str] | None:
    """Whether an answer is a filter's: leaning, strength, by whom, and in words."""
    http, row = view.seen.http, int(view.seen.http.flow[k])
    status = int(http.status[k])
    product = products.named(http.location[k], http.title[k], http.refusal[k])
    front = senders.in_front(view, row)
    by = product or (front.by if front else "")
    near = f"; {front.why}" if front else ""
    if status in REDIRECTS:
        led = elsewhere(http.host[k], http.target[k], http.location[k])
        if led is None:
            return None
        there, path = led
        local = addresses.reach(there) is Reach.LOCAL or "." not in there
        worded = bool(WORDS.search(f"{there}{path}".lower()))
        if not product and addresses.reach(view.seen.flows.resp_h[row]) is not Reach.PUBLIC:
            return None
        if product or (front and (worded or local)):
            detail = f"a redirect to {there}{path}{near}"
            return Verdict.BLOCKED, Strength.STRONG, f"{by}, page at {there}", detail
        if worded and local:
            return Verdict.BLOCKED, Strength.SUGGESTIVE, f"page at {there}", f"a redirect to {there}{path}"
        return None
    title = http.title[k]
    says = bool(SAYS.search(title)) and not http.server[k].lower().startswith(EDGES)
    if status in PAGES and (product or (front and says)):
        sure = front is not None or product not in products.BEFORE_SERVERS if product else status in REFUSALS
        detail = f"a page{f' “{title}”' if title else ''}{near}"
        return Verdict.BLOCKED, Strength.STRONG if sure else Strength.SUGGESTIVE, by, detail
    if status in REFUSALS:
        return Verdict.UNDETERMINED, Strength.SUGGESTIVE, "", "by the server itself, as far as the capture tells"
    return None
