"""Who vouches for a certificate: a public root, a root that the user trusts, an issuer that a rule names, or nobody.

A chain is held to what browsers ask for (RFC 5280, CA/Browser Forum), at the time of the capture. What only that
strictness dislikes is vouched for nevertheless: a path of good signatures from the leaf to a root nobody can forge.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from analyzer import addresses

DEEPEST = 6
"""Certificates between a leaf and a root; public ones have one or two."""

MOST_TRIED = 64
"""Signatures that are tried for one leaf: names of issuers can be borrowed, and a capture can hold many such."""

FIELDS = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
FIELDS |= {"emailAddress": NameOID.EMAIL_ADDRESS}


PLACES = frozenset({AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS})


class By(StrEnum):
    """Who vouches. OPEN: the issuer's certificate is not in the capture, so that it is not known."""

    PUBLIC = "a public root"
    USER = "a root that the user trusts"
    RULE = "an issuer that the rule names"
    NOBODY = "nobody"
    OPEN = "not known"


VOUCHED = frozenset({By.PUBLIC, By.USER, By.RULE})


class Voucher(NamedTuple):
    """Who vouches for a leaf, what the strict check says against it, and whether it is good for this name and time.

    current  of the leaf's own dates; those of what stands between it and a root are the strict check's business
    issuer   fingerprint of a certificate whose key signed the leaf, empty where none was seen
    """

    by: By
    why: str
    named: bool
    current: bool
    issuer: str = ""

    @property
    def vouched(self) -> bool:
        """Whether somebody does whom an interceptor cannot be."""
        return self.by in VOUCHED


@dataclass(frozen=True)
class Leaf:
    """What a certificate says of itself, read once.

    issuer     its issuer's name as RFC 4514 has it       signer  the same with the issuer's key, empty where not told
    fields     parts of that name: CN, O, OU, emailAddress
    traceable  it says where its revocation can be asked, or carries the signature of a log (RFC 6962): a box that makes
               certificates as it needs them offers neither
    own_name   its issuer has its own name                own_key  it was signed with its own key in another's name
    """

    certificate: x509.Certificate
    fingerprint: str
    key: str
    names: tuple[str, ...]
    not_before_ns: int
    not_after_ns: int
    issuer: str
    signer: str
    fields: tuple[tuple[str, str], ...]
    traceable: bool
    own_name: bool
    own_key: bool

    @property
    def issuer_name(self) -> str:
        """The issuer as a person calls it."""
        told = dict(self.fields)
        return told.get("CN") or told.get("O") or told.get("OU") or "an issuer without a name"


def read_leaf(row: tuple[str, str, tuple[str, ...], int, int, bytes]) -> Leaf | None:
    """A certificate from its fingerprint, key, names, validity and DER; None where it cannot be read."""
    fingerprint, key, names, begin, end, der = row
    certificate = load(der)
    if certificate is None:
        return None
    with _quiet():
        try:
            issuer = certificate.issuer
            name = issuer.rfc4514_string()
            fields = [
                (field, str(held.value)) for field, oid in FIELDS.items() for held in issuer.get_attributes_for_oid(oid)
            ]
            own_name = issuer == certificate.subject
        except ValueError:
            return None
        own_key = not own_name and signs_itself(certificate)
        traceable = is_traceable(certificate)
        held = _issuer_key(certificate)
        signer = f"{name} {held}" if held else ""
    said = name, signer, tuple(fields)
    return Leaf(certificate, fingerprint, key, names, begin, end, *said, traceable, own_name, own_key)


def load(der: bytes) -> x509.Certificate | None:
    """A certificate, None where the DER is none."""
    with _quiet():
        try:
            return x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion):
            return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings of serial numbers and parameters: they are the capture's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def signs_itself(certificate: x509.Certificate) -> bool:
    """Whether a certificate's signature is that of its own key."""
    try:
        key, how = certificate.public_key(), certificate.signature_hash_algorithm
        if isinstance(key, rsa.RSAPublicKey) and isinstance(how, hashes.HashAlgorithm):
            padding = certificate.signature_algorithm_parameters
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding, how)  # type: ignore[arg-type] # an RSA key's parameters are a padding
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(how, hashes.HashAlgorithm):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(how))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def is_traceable(certificate: x509.Certificate) -> bool:
    """Whether it names a place to ask for revocation, or a log in which it stands; so is taken what cannot be read."""
    for value in extensions(certificate) or ():
        if isinstance(value, x509.CRLDistributionPoints):
            return True
        if isinstance(value, x509.AuthorityInformationAccess) and any(place.access_method in PLACES for place in value):
            return True
    return is_logged(certificate)


def is_logged(certificate: x509.Certificate) -> bool:
    """Whether it carries the signature of a log (RFC 6962 section 3.3); so is taken what cannot be read."""
    held = extensions(certificate)
    return held is None or any(isinstance(value, x509.PrecertificateSignedCertificateTimestamps) for value in held)


def extensions(certificate: x509.Certificate) -> list[x509.ExtensionType] | None:
    """What the extensions of a certificate say, None where they cannot be read."""
    with _quiet():
        try:
            return [extension.value for extension in certificate.extensions]
        except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            return None


def covers(names: Iterable[str], name: str) -> bool:
    """Whether one of a certificate's names means a host: `*` stands for one whole label (RFC 9525 section 6.3)."""
    wanted = name.lower().removesuffix(".")
    rest = wanted.partition(".")[2]
    return any(held.lower() in {wanted, f"*.{rest}" if rest else wanted} for held in names)


def _issuer_key(certificate: x509.Certificate) -> str:
    """The identifier of the issuer's key in hex, empty where it is not told."""
    held = (value for value in extensions(certificate) or () if isinstance(value, x509.AuthorityKeyIdentifier))
    return next((value.key_identifier.hex() for value in held if value.key_identifier), "")


class Asked(NamedTuple):
    """For whom, when (ns) and by which issuers (fingerprints that a rule names) a certificate is to be good."""

    name: str
    at_ns: int
    issuers: frozenset[str] = frozenset()


class Path(NamedTuple):
    """Who stands at the end of a path of signatures, what lies between, all that was reached, and who signed."""

    by: By
    between: tuple[x509.Certificate, ...]
    reached: frozenset[str]
    issuer: str = ""


class Trust:
    """The roots that vouch, and the certificates of a capture that may stand between them and a leaf."""

    def __init__(self, user: Sequence[bytes], seen: Iterable[bytes]) -> None:
        """Roots of the user, and the certificates that were seen, in DER."""
        self.anchors: dict[str, By] = {}
        roots: list[x509.Certificate] = []
        held: dict[bytes, dict[str, x509.Certificate]] = defaultdict(dict)
        with _quiet():
            public = x509.load_pem_x509_certificates(certifi.contents().encode("ascii"))
        mine = [certificate for certificate in map(load, user) if certificate is not None]
        for by, certificates in ((By.PUBLIC, public), (By.USER, mine)):
            for certificate in certificates:
                self.anchors.setdefault(fingerprint(certificate), by)
                roots.append(certificate)
        for certificate in (*roots, *(one for one in map(load, seen) if one is not None and _may_issue(one))):
            held[certificate.subject.public_bytes()].setdefault(fingerprint(certificate), certificate)
        self._held = {name: tuple(found.values()) for name, found in held.items()}
        self._store = Store(roots)
        self._paths: dict[str, Path] = {}

    def vouch(self, leaf: Leaf, sent: Sequence[x509.Certificate], asked: Asked) -> Voucher:
        """Who vouches for a leaf with which a server sent these other certificates."""
        path = self.path(leaf)
        current = leaf.not_before_ns <= asked.at_ns <= leaf.not_after_ns
        named = covers(leaf.names, asked.name)
        if path.by in VOUCHED:
            return Voucher(path.by, self._strictly(leaf, (*sent, *path.between), asked), named, current, path.issuer)
        if path.reached & asked.issuers:
            return Voucher(By.RULE, "", named, current, path.issuer)
        why = "its issuer's certificate is not in the capture" if path.by is By.OPEN else ""
        return Voucher(path.by, why, named, current, path.issuer)

    def _strictly(self, leaf: Leaf, sent: Sequence[x509.Certificate], asked: Asked) -> str:
        """What a browser would say against a chain, empty where nothing."""
        at = dt.datetime.fromtimestamp(asked.at_ns / 1e9, dt.UTC)
        address = addresses.parse(asked.name)
        try:
            subject = x509.IPAddress(address) if address else x509.DNSName(asked.name)
            with _quiet():
                verifier = PolicyBuilder().store(self._store).time(at).build_server_verifier(subject)
                verifier.verify(leaf.certificate, list(sent))
        except (VerificationError, ValueError, UnsupportedAlgorithm) as error:
            return " ".join(str(error).split())[:200] or "it is not as browsers want it"
        return ""

    def path(self, leaf: Leaf) -> Path:
        """The best path of good signatures from a leaf."""
        known = self._paths.get(leaf.fingerprint)
        if known is None:
            known = self._paths[leaf.fingerprint] = self._climb(leaf.certificate)
        return known

    def _climb(self, leaf: x509.Certificate) -> Path:
        """Breadth first: the shortest path that ends with somebody who vouches, else how the others end."""
        reached = {fingerprint(leaf)}
        if fingerprint(leaf) in self.anchors:
            return Path(self.anchors[fingerprint(leaf)], (), frozenset(reached))
        ended, tried, signer = By.OPEN, 0, ""
        paths: list[tuple[x509.Certificate, ...]] = [()]
        while paths:
            path = paths.pop(0)
            last = path[-1] if path else leaf
            if last.issuer == last.subject and _issued(last, last):
                ended = By.NOBODY
                continue
            for issuer in self._held.get(last.issuer.public_bytes(), ()):
                tried += 1
                mark = fingerprint(issuer)
                if tried > MOST_TRIED or mark in reached or not _issued(last, issuer):
                    continue
                reached.add(mark)
                signer = signer or mark
                if mark in self.anchors:
                    return Path(self.anchors[mark], (*path, issuer), frozenset(reached), signer)
                if len(path) < DEEPEST:
                    paths.append((*path, issuer))
        return Path(ended, (), frozenset(reached), signer)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a certificate bears another one's signature."""
    with _quiet():
        try:
            one.verify_directly_issued_by(issuer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    """Whether a certificate is one of an authority: a server's own can sign nothing (RFC 5280, 4.2.1.9)."""
    return any(isinstance(value, x509.BasicConstraints) and value.ca for value in extensions(certificate) or ())
