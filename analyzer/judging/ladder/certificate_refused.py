"""A client that refuses the certificates which it is shown, again and again.

Fact    the client ends the handshake with an alert on the certificate in clear (bad_certificate 42, certificate_unknown
        46, unknown_ca 48; OpenSSL sends it so in TLS 1.3 too), or its first encrypted record in TLS 1.3 has the length
        of an alert instead of a Finished. Beside such, sessions with the same operator that the client leaves without
        a request, as GnuTLS does when it checks after the handshake.
Leans   intercepted, strong, where it refuses unrelated operators, or one of them three times while others work.
        Suggestive below that; where the same name also works; and where the refused certificate is a good one, or all
        alerts may come of a wrong clock and the client's time server did not answer.
Blind   clients that close without a word only; alerts on dates (certificate_expired), the server's or the clock's.
Source  RFC 8446 sections 4.4.2.4, 5.2 and 6.2; RFC 5246 section 7.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from analyzer import iana
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import senders
from analyzer.judging.case import frames, listed
from analyzer.judging.sessions import Session, encrypted, owner, unrelated
from analyzer.judging.sight import Sight, by_client

CODE = "certificate-refused"
TITLE = "{host} refuses the certificate that it is shown for {whom}"
RIVALS: tuple[str, ...] = (
    "a wrong clock on the device: every certificate is out of date then (does NTP work?)",
    "an expired certificate, or a chain without its intermediate, at the server",
    "a device without the public roots, or with old ones",
)
REMEDY = "Exempt the names from decryption; if nothing decrypts, check the device's clock and roots."
BAD_CERTIFICATE, CERTIFICATE_UNKNOWN, UNKNOWN_CA = 42, 46, 48
ON_CERTIFICATE = frozenset({BAD_CERTIFICATE, CERTIFICATE_UNKNOWN, UNKNOWN_CA})
HIDDEN = -1
AGAIN = 3
ALERT_OCTETS = 2 + 1  # level and description, and the type behind them (RFC 8446 section 5.2)
PADDED_TO = 16
TAG = {"TLS_AES_128_CCM_8_SHA256": 8}
TAG_OCTETS = 16


class Refusal(NamedTuple):
    """A session that its client ended over the certificate: by which alert (HIDDEN: it is encrypted)."""

    session: Session
    alert: int


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session whose certificate was refused, and for those that went the same way without a word."""
    for client, sessions in by_client(sight.abroad).items():
        refusals = [refusal for session in sessions for refusal in _refusals(sight, session)]
        if not refusals:
            continue
        doubt, certain = _weighed(sight, client, sessions, refusals)
        working = {session.name for session in sessions if session.established} - {""}
        for refusal in refusals:
            works = refusal.session.name in working
            strong = certain and not works
            more = doubt or ("the same name also works" if works else "")
            detail = f"{_said(refusal)}; {more}" if more else _said(refusal)
            yield _evidence(sight, refusal.session, detail, Strength.STRONG if strong else Strength.SUGGESTIVE)
        if certain:
            yield from _likewise(sight, sessions, [refusal.session for refusal in refusals])


def _refusals(sight: Sight, session: Session) -> Iterator[Refusal]:
    """The refusal with which a session ended, if it did."""
    tls, row = sight.view.seen.tls, session.row
    if session.established or session.resumed:
        return
    if tls.alert_from[row] == "client" and int(tls.alert[row]) in ON_CERTIFICATE:
        yield Refusal(session, int(tls.alert[row]))
    elif session.newer and not tls.alert_from[row] and tls.server_hello_frame[row]:
        sent = encrypted(tls.client_records[row])
        least = ALERT_OCTETS + TAG.get(tls.cipher[row], TAG_OCTETS)
        if len(sent) == 1 and sent[0] in {least, least + PADDED_TO}:
            yield Refusal(session, HIDDEN)


def _weighed(sight: Sight, client: str, sessions: Sequence[Session], refusals: Sequence[Refusal]) -> tuple[str, bool]:
    """What speaks against a client's refusals, and whether they are enough."""
    good = [refusal.session for refusal in refusals if refusal.session.vouched]
    if good:
        return f"it also refuses the good certificate of {listed(session.whom for session in good)}", False
    if all(refusal.alert in {BAD_CERTIFICATE, CERTIFICATE_UNKNOWN, HIDDEN} for refusal in refusals) and _timeless(
        sight, client
    ):
        return "its time server does not answer, and a wrong clock looks the same", False
    names = [refusal.session.name for refusal in refusals]
    if unrelated(names):
        return "", True
    others = [session.name for session in sessions if session.established]
    works = any(unrelated((names[0], other)) for other in others)
    if len(refusals) >= AGAIN and works:
        return "", True
    return ("too few to tell" if works else "nothing else of this client works either"), False


def _timeless(sight: Sight, client: str) -> bool:
    """Whether a client asked for the time and was not told."""
    ntp, flows = sight.view.seen.ntp, sight.view.seen.flows
    mine = np.array([flows.orig_h[flow] == client for flow in ntp.flow.tolist()], np.bool_)
    return bool(mine.any()) and not bool((mine & ~ntp.from_orig).any())


def _likewise(sight: Sight, sessions: Sequence[Session], refused: Sequence[Session]) -> Iterator[Evidence]:
    """The sessions with operators whose certificates are refused that the client left without a request."""
    told = {session.row for session in refused}
    owners = {owner(session.name) for session in refused} - {""}
    for session in sessions:
        same = owner(session.name) in owners and not session.vouched and not session.resumed
        gone = session.silent and (session.answered or session.finished)
        if session.row not in told and same and gone:
            detail = f"the client left {session.whom} without a request, and refuses others of {owner(session.name)}"
            yield _evidence(sight, session, detail, Strength.STRONG)


def _said(refusal: Refusal) -> str:
    """A refusal in words."""
    whom = refusal.session.whom
    if refusal.alert == HIDDEN:
        return f"the client answered the certificate of {whom} with an encrypted record of an alert's length"
    return f"the client refused the certificate of {whom} with the alert {iana.tls_alert_name(refusal.alert)}"


def _evidence(sight: Sight, session: Session, detail: str, strength: Strength) -> Evidence:
    tls, flows = sight.view.seen.tls, sight.view.seen.flows
    front = senders.in_front(sight.view, session.flow)
    last = int(tls.alert_frame[session.row]) or int(flows.orig_last_frame[session.flow])
    return Evidence(
        CODE,
        Verdict.INTERCEPTED,
        strength,
        session.flow,
        frames(int(tls.client_hello_frame[session.row]), last),
        f"{detail}; {front.why}" if front else detail,
        target=session.whom,
        by=front.by if front else "",
    )
