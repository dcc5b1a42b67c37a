"""A certificate that is for somebody else than the server that was asked for.

Fact    the leaf's names do not cover the server name that the client sent, and the client did not go on, or the leaf is
        vouched for by nobody; the answer comes from nearer than the server can be, one such leaf stands for unrelated
        operators, or its issuer names itself as a known interceptor does.
Leans   intercepted, strong: a block page or portal that is served in the server's name, over TLS. Else nothing: servers
        show a certificate of their own where they do not know the name.
Blind   TLS 1.3 without keys; names that the client did not send.
Source  RFC 9525 section 6; RFC 6066 section 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders
from analyzer.judging.case import frames, listed
from analyzer.judging.interceptors import product_of
from analyzer.judging.sessions import Session, unrelated
from analyzer.judging.sight import Sight
from analyzer.judging.vouching import By

CODE = "certificate-of-another"
TITLE = "{host} got the certificate of somebody else instead of that of {whom}"
RIVALS: tuple[str, ...] = (
    "a server that does not know the name, and shows the certificate that it has (a wrong entry in the DNS)",
)
REMEDY = "Take the name out of the web filter, and except it from decryption: what answers is a page of the filter."


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session in which somebody else's certificate was shown by a box on the way."""
    tls = sight.view.seen.tls
    strays = [session for session in sight.abroad if tls.server_name[session.row] and _stray(session)]
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for session in strays:
        if session.leaf:
            names[session.leaf.fingerprint][session.name] = None
    for session in strays:
        leaf = session.leaf
        assert leaf is not None
        front = senders.in_front(sight.view, session.flow)
        product, asked = product_of(leaf), tuple(names[leaf.fingerprint])
        why = [f"its issuer names itself as {product} does"] if product and not session.vouched else []
        why += [front.why] if front else []
        why += [f"the same one was shown for {listed(asked)}"] if unrelated(asked) else []
        if not why:
            continue
        whose = listed(leaf.names) or "nobody"
        yield Evidence(
            CODE,
            Verdict.INTERCEPTED,
            Strength.STRONG,
            session.flow,
            frames(int(tls.client_hello_frame[session.row]), int(tls.certificate_frame[session.row])),
            f"asked for {session.name}, it was shown the certificate of {whose}"
            f" (issuer “{leaf.issuer_name}”): {'; '.join(why)}",
            target=session.whom,
            by=product or (front.by if front else f"whoever has the certificate of {whose}"),
        )


def _stray(session: Session) -> bool:
    """Whether the certificate is not for the name that was asked for, and the client minded or nobody vouches."""
    voucher = session.voucher
    if session.leaf is None or voucher is None or voucher.named or session.resumed:
        return False
    return not session.established or voucher.by is By.NOBODY or bool(product_of(session.leaf))
