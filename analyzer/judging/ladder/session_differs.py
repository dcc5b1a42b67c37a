"""A server that does not answer as it did when all was well.

Fact    for the same name as in the baseline, and a hello that does not explain it: in TLS 1.3 the record with the
        certificate is longer or shorter by more than a quarter than any there; a version older than all there; no ALPN
        where there always was one (before TLS 1.3); a HelloRetryRequest that never came; no signature of a log (SCT)
        in a certificate where all had one.
Leans   suspected: a box that ends TLS answers with its own library and certificates. Operators change theirs as well.
Blind   names that the baseline lacks; resumed sessions, which show no certificate; certificates of about the same
        length; boxes that were there when the baseline was taken.
Source  RFC 8446 sections 4.1.3, 4.1.4, 4.4.2 and 5.2; RFC 7301 section 3.1; RFC 6962 section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging.baseline import Known, certificate_octets
from analyzer.judging.case import frames, listed
from analyzer.judging.sessions import Session
from analyzer.judging.sight import Sight
from analyzer.judging.vouching import is_logged
from analyzer.tables import Tls

CODE = "session-differs"
TITLE = "{host}: {whom} does not answer as it did in the baseline"
RIVALS: tuple[str, ...] = (
    "the operator renewed or changed its certificate",
    "another server of the operator",
    "the device's software was updated",
)
REMEDY = "Capture beyond the box at the same time and compare; if the operator changed it, take the baseline anew."
VERSIONS = ("SSLv2", "SSLv3", "TLSv10", "TLSv11", "TLSv12", "TLSv13")
PART = 4
"""A length differs where it does by more than one part of so many: names and dates change a certificate by less."""


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session that differs, with all in which it does."""
    if sight.baseline is None:
        return
    tls = sight.view.seen.tls
    shown = tls.client_hello_frame, tls.server_hello_frame, tls.certificate_frame
    for session in sight.abroad:
        known = sight.baseline.names.get(tls.server_name[session.row])
        said = list(_differences(tls, session, known)) if known else []
        if not said:
            continue
        yield Evidence(
            CODE,
            Verdict.INTERCEPTED,
            Strength.SUGGESTIVE,
            session.flow,
            frames(*(int(column[session.row]) for column in shown)),
            f"{session.whom} against the baseline: {'; '.join(said)}",
            target=session.whom,
        )


def _differences(tls: Tls, session: Session, known: Known) -> Iterator[str]:
    """In what a session differs from what is known of its name."""
    row = session.row
    same_hello = known.speaks(tls.ja4[row])
    octets = certificate_octets(tls.server_records[row]) if session.newer and not session.resumed else 0
    if octets and known.octets and same_hello and all(abs(octets - held) * PART > held for held in known.octets):
        lengths = listed(map(str, sorted(known.octets)))
        yield f"the record with the certificate has {octets} octets (there {lengths})"
    if _is_lowered(tls, row, known):
        yield f"{tls.version[row]} was chosen (there {listed(sorted(known.versions))})"
    if _is_without_protocol(tls, session, known):
        yield f"no protocol was chosen by ALPN (there {listed(sorted(known.protocols))})"
    if tls.hello_retry[row] and not known.retried and same_hello:
        yield "the server asked for another hello (there never)"
    if session.leaf and known.logged and not is_logged(session.leaf.certificate):
        yield "the certificate carries no signature of a log (there always)"


def _is_lowered(tls: Tls, row: int, known: Known) -> bool:
    """Whether the server chose an older version than it ever did, and the client offers what it chose there."""
    told = {*known.versions, tls.version[row], tls.client_version[row]}
    if not known.versions or not told <= set(VERSIONS):
        return False
    least = min(map(VERSIONS.index, known.versions))
    return VERSIONS.index(tls.version[row]) < least <= VERSIONS.index(tls.client_version[row])


def _is_without_protocol(tls: Tls, session: Session, known: Known) -> bool:
    """Whether the server chose no protocol in clear, and the client offers one that it always chose there."""
    seen = bool(tls.version[session.row]) and not session.newer and not session.resumed
    always = "" not in known.protocols and bool(known.protocols & set(tls.alpn[session.row]))
    return seen and always and not tls.server_alpn[session.row]
