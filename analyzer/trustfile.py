"""A PEM file becomes the certificates in it: roots that count as vouching beside the public ones."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from analyzer.errors import SourceError

MAX_OCTETS = 1 << 24
"""All public roots together are a quarter of a megabyte."""


def load(path: str) -> tuple[bytes, ...]:
    """The certificates of a file (RFC 7468, any number, text between them left out) in DER; raises SourceError."""
    try:
        with Path(path).open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise SourceError(path, f"cannot be read: {error.strerror}") from error
    if len(octets) > MAX_OCTETS:
        raise SourceError(path, "is too large for a file of certificates")
    try:
        return tuple(root.public_bytes(Encoding.DER) for root in x509.load_pem_x509_certificates(octets))
    except ValueError as error:
        raise SourceError(path, "expected certificates in PEM") from error
