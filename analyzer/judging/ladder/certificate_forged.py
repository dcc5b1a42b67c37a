"""A certificate that nobody vouches for, with a mark of those that a box makes as it needs them.

Fact    a leaf that leads to no public root, none of the user's and no issuer that the rule names; and its issuer is
        that of a known interceptor, or one key stands in certificates of unrelated operators, or it is signed with its
        own key in another's name, or one issuer signs for unrelated operators, or it was made for the session.
Leans   intercepted: proof; strong where only the issuer is shared, or where it was made within three days and the
        answers come from nearer than the server can be. Without such a mark it says nothing, however young it is:
        devices and clouds have authorities of their own.
Blind   TLS 1.3, which encrypts certificates, without keys (--keylog); resumed sessions; leaves that name a place to ask
        for revocation, or a log, where no known issuer speaks against them: an authority that has left the list of
        public roots looks the same. An interceptor with a root that the user trusts is not seen.
Source  RFC 5280 section 6; RFC 6962; Durumeric et al., "The Security Impact of HTTPS Interception", NDSS 2017.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from analyzer.findings import Evidence, Strength, Verdict, strongest
from analyzer.judging import senders
from analyzer.judging.case import frames, listed
from analyzer.judging.interceptors import product_of
from analyzer.judging.sessions import Session, unrelated
from analyzer.judging.sight import Sight
from analyzer.judging.vouching import Leaf

CODE = "certificate-forged"
TITLE = "{host} got a forged certificate for {whom}: its TLS is opened on the way"
RIVALS: tuple[str, ...] = (
    "a private authority of the operator's own: pass it with --trust, or name it in the rule (issuers)",
    "another server at the name's address, by a wrong entry in the DNS",
)
REMEDY = "Exempt the names from decryption; installing the box's authority on the device does not mend it."
YOUNG_NS = 72 * 3_600_000_000_000
DAY_NS = 86_400_000_000_000
MOMENT_NS = 90_000_000_000
"""Boxes make a certificate when they need it, and date it back by whole days, for clocks that are slow."""


class Mark(NamedTuple):
    """What tells a certificate that was made on the way, and how much it carries."""

    strength: Strength
    text: str


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session with such a certificate."""
    held = [session for session in sight.abroad if session.leaf and not session.vouched and not session.resumed]
    strange = [session for session in held if session.leaf and not session.leaf.traceable]
    keys = _shared(strange, _key)
    issuers = _shared(strange, _signer)
    for session in held:
        leaf = session.leaf
        assert leaf is not None
        front = senders.in_front(sight.view, session.flow)
        product = product_of(leaf)
        marks = _best(_marks(session, leaf, product, keys, issuers, near=front is not None))
        if not marks:
            continue
        tls = sight.view.seen.tls
        said = "; ".join([*(mark.text for mark in marks), *([front.why] if front else [])])
        yield Evidence(
            CODE,
            Verdict.INTERCEPTED,
            strongest(mark.strength for mark in marks),
            session.flow,
            frames(int(tls.client_hello_frame[session.row]), int(tls.certificate_frame[session.row])),
            f"the certificate for {session.whom}, of “{leaf.issuer_name}”, is vouched for by nobody: {said}",
            target=session.whom,
            by=_by(product, leaf, front.by if front else ""),
            alone=True,
        )


def _best(marks: Iterable[Mark]) -> list[Mark]:
    """The marks that prove it, else all."""
    held = list(marks)
    return [mark for mark in held if mark.strength is Strength.PROOF] or held


def _by(product: str, leaf: Leaf, where: str) -> str:
    """Who does it, as far as the certificate and the way of the answers tell."""
    who = f"{product} (by the issuer's name)" if product else f"the holder of the authority “{leaf.issuer_name}”"
    return f"{who}, {where}" if where else who


def _shared(sessions: Iterable[Session], part_of: Callable[[Session, Leaf], str]) -> dict[str, tuple[str, ...]]:
    """What certificates of unrelated operators have in common, and their names."""
    names: dict[str, dict[str, None]] = defaultdict(dict)
    leaves: dict[str, set[str]] = defaultdict(set)
    for session in sessions:
        part = part_of(session, session.leaf) if session.leaf and session.name else ""
        if part and session.leaf:
            names[part][session.name] = None
            leaves[part].add(session.leaf.fingerprint)
    return {part: tuple(held) for part, held in names.items() if len(leaves[part]) > 1 and unrelated(tuple(held))}


def _key(_session: Session, leaf: Leaf) -> str:
    """The key of a leaf."""
    return leaf.key


def _signer(session: Session, leaf: Leaf) -> str:
    """Who signed a leaf, by the key that it names, else by the certificate with that key; not what signs itself."""
    if leaf.own_name:
        return ""
    return leaf.signer or (session.voucher.issuer if session.voucher else "")


def _marks(  # noqa: PLR0913 - what is known of a leaf, of the others and of the way
    session: Session,
    leaf: Leaf,
    product: str,
    keys: dict[str, tuple[str, ...]],
    issuers: dict[str, tuple[str, ...]],
    *,
    near: bool,
) -> Iterator[Mark]:
    """All marks of one certificate."""
    if product:
        yield Mark(Strength.PROOF, f"its issuer names itself as {product} does")
    if leaf.traceable:
        return
    if leaf.key in keys:
        yield Mark(Strength.PROOF, f"one key stands in the certificates of {listed(keys[leaf.key])}")
    if leaf.own_key:
        yield Mark(Strength.PROOF, "it is signed with its own key in the name of another")
    if _signer(session, leaf) in issuers:
        yield Mark(Strength.STRONG, f"one issuer signs for {listed(issuers[_signer(session, leaf)])}")
    age = session.at_ns - leaf.not_before_ns
    made = f"it was made on {dt.datetime.fromtimestamp(leaf.not_before_ns / 1e9, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    if -MOMENT_NS <= age <= YOUNG_NS + MOMENT_NS:
        if min(age % DAY_NS, -age % DAY_NS) <= MOMENT_NS and not leaf.own_name:
            yield Mark(Strength.PROOF, f"{made}, the moment of the session but for whole days")
        elif near:
            yield Mark(Strength.STRONG, f"{made}, hours before the session")
