"""Certificates of made-up authorities, and scenes in which servers show them."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, replace

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from analyzer.dissecting.certificates import read
from analyzer.judging.sessions import read_sessions
from analyzer.judging.sight import Sight
from analyzer.judging.vantage import Vantage
from analyzer.judging.vouching import read_leaf
from analyzer.tables import Certificates, from_rows
from tests.builders.site import BEGIN, S, Scene

NOW = dt.datetime.fromtimestamp(BEGIN / S, dt.UTC)
BORN, ENDS = NOW - dt.timedelta(days=40, hours=5, minutes=17), NOW + dt.timedelta(days=50)
URL = x509.UniformResourceIdentifier("http://revoked.example/list")
SIGNS = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


@dataclass(frozen=True)
class Made:
    """A certificate and its key: `der`, `mark` (its fingerprint), and `read` as the ladder has it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    der = property(lambda self: self.certificate.public_bytes(serialization.Encoding.DER))
    mark = property(lambda self: self.certificate.fingerprint(hashes.SHA256()).hex())
    read = property(lambda self: read_der(self.der))


def read_der(der):
    mark, _, _, names, begin, end, own, _, _ = read(der)
    return read_leaf((mark, own, names, begin, end, der))


@functools.cache
def key(which):
    """A key, the same one for the same word."""
    del which
    return ec.generate_private_key(ec.SECP256R1())


def _signed(subject, issuer, own, signer, span, extensions):
    held = [x509.Extension(value.oid, critical, value) for value, critical in extensions]
    made = x509.CertificateBuilder(issuer, subject, own.public_key(), x509.random_serial_number(), *span, held)
    return Made(made.sign(signer, hashes.SHA256()), own)


def authority(common, issuer=None, *, organization="", own=None, begin=BORN, end=ENDS, forbids=()):
    """An authority: a root, or one that `issuer` made; `forbids` are the names for which it must not issue."""
    parts = [(NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common)]
    subject, own = x509.Name([x509.NameAttribute(oid, text) for oid, text in parts if text]), own or key(common)
    signer = issuer.key if issuer else own
    extensions = [(x509.BasicConstraints(ca=True, path_length=None), True), (SIGNS, True)]
    extensions.append((x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False))
    extensions.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False))
    if forbids:
        extensions.append((x509.NameConstraints(None, [x509.DNSName(text) for text in forbids]), True))
    return _signed(subject, issuer.certificate.subject if issuer else subject, own, signer, (begin, end), extensions)


def leaf(*names, issuer=None, own=None, signer=None, begin=BORN, end=ENDS, common="", crl=False, place="", bare=False):
    """A server's certificate for these names, with key `own`; without `issuer` it is its own.

    `signer` is the key that signs, where not the issuer's; `crl` and `place` (OCSP, CA_ISSUERS) say where to ask for
    revocation; a `bare` one does not identify its issuer's key.
    """
    own = own or key(names)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common or (names or ("nobody",))[0])])
    signer = signer or (issuer.key if issuer else own)
    extensions = [(x509.SubjectAlternativeName([x509.DNSName(text) for text in names]), False)] if names else []
    extensions.append((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False))
    if not bare:
        extensions.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False))
    if crl:
        extensions.append((x509.CRLDistributionPoints([x509.DistributionPoint([URL], None, None, None)]), False))
    if place:
        asked = x509.AccessDescription(getattr(AuthorityInformationAccessOID, place), URL)
        extensions.append((x509.AuthorityInformationAccess([asked]), False))
    return _signed(subject, issuer.certificate.subject if issuer else subject, own, signer, (begin, end), extensions)


def stamped(name, *, logged):
    """A certificate with or without the signature of a log."""
    own = key("stamped")
    made = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(x509.Name([])).public_key(own.public_key())
    made = made.serial_number(7).not_valid_before(BORN).not_valid_after(ENDS)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    if logged:
        stamp = bytes(1 + 32 + 8 + 2) + b"\x04\x03" + b"\x00\x01\x00"
        stamps = len(stamp).to_bytes(2, "big") + stamp
        octets = b"\x04" + bytes([len(stamps) + 2]) + len(stamps).to_bytes(2, "big") + stamps
        oid = x509.PrecertificateSignedCertificateTimestamps.oid
        made = made.add_extension(x509.UnrecognizedExtension(oid, octets), critical=False)
    return made.sign(own, hashes.SHA256())


class Shown(Scene):
    """A scene in which servers show certificates."""

    def show(self, client, server, host, *chain, tls=(), **given):
        """A TLS 1.2 session that went on, in which a server showed these certificates; `tls` amends its row."""
        row = self.tls(client, server, host, **given)
        self.rows.setdefault("certificates", []).extend(chain)
        marks, at = tuple(made.mark for made in chain), 10 * row
        self.rows["tls"][-1].update(version="TLSv12", chain=marks, server_hello_frame=at + 4, alert=-1)
        self.rows["tls"][-1].update({"certificate_frame": at + 5 if chain else 0, **dict(tls)})
        return row

    def seen(self):
        """The facts, certificates among them."""
        held = [read(der) for der in dict.fromkeys(made.der for made in self.rows.get("certificates", ()))]
        return replace(super().seen(), certificates=from_rows(Certificates, held))


def sight_of(scene, *, roots=(), named=(), local=()):
    """What the rungs of the ladder look at, all flows being asked about; `named` by a document."""
    seen = scene.seen()
    everything, rows = np.ones(len(seen.flows.proto), np.bool_), np.arange(len(seen.flows.proto))
    sessions = read_sessions(seen, everything, [root.der for root in roots], lambda _: frozenset())
    return Sight(Vantage(seen, everything, local=local), sessions, np.isin(rows, list(named)))


def found(rung, scene, **given):
    """Flow and strength of what a rung finds, in the order of flows."""
    return sorted((seen.flow, str(seen.strength)) for seen in rung.find(sight_of(scene, **given)))
