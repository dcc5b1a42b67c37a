"""Throwaway certificate authorities: their keys live as long as the scratch folder of one scenario."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Identity:
    """Where a certificate chain and its key lie, both PEM."""

    chain: Path
    key: Path


class Authority:
    """A root and the issuing authority below it, which signs leaves."""

    def __init__(self, folder: Path, organisation: str) -> None:
        self.folder = folder
        slug = organisation.lower().replace(" ", "-")
        self.root_file = folder / f"{slug}.root.pem"
        root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name, self._name = _name(organisation, "Root R1"), _name(organisation, "Issuing CA E1")
        root = _certificate(root_name, root_name, root_key.public_key(), root_key, years=10, authority=True)
        self._issuer = _certificate(self._name, root_name, self._key.public_key(), root_key, years=3, authority=True)
        self.root_file.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def issue(self, *names: str, client: bool = False) -> Identity:
        """Sign a leaf for host names and addresses, the first of them its subject."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        leaf = _certificate(subject, self._name, key.public_key(), self._key, years=0, names=names, client=client)
        stem = names[0].replace("*", "star")
        identity = Identity(self.folder / f"{stem}.chain.pem", self.folder / f"{stem}.key.pem")
        pem = serialization.Encoding.PEM
        identity.chain.write_bytes(leaf.public_bytes(pem) + self._issuer.public_bytes(pem))
        identity.key.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return identity


def _name(organisation: str, role: str) -> x509.Name:
    """A distinguished name of an authority."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} {role}"),
        ]
    )


def _certificate(  # noqa: PLR0913 - a certificate has that many parts
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    years: int,
    authority: bool = False,
    names: Sequence[str] = (),
    client: bool = False,
) -> x509.Certificate:
    """Sign one certificate, good since a month ago, for `years` years or, where 0, ninety days in all (RFC 5280)."""
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=30)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=365 * years or 90))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    """What a key is for: to sign certificates and their revocations, or to sign handshakes."""
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    """A subject alternative name: an address where it reads as one, else a host name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
