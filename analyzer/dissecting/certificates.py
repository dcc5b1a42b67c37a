"""One certificate in DER becomes a row of tables.Certificates (RFC 5280)."""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings

from cryptography import x509
from cryptography.x509.oid import NameOID

MAX_DER = 1 << 16
MAX_NAME = 1024
MAX_NAMES = 256

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
FIRST_NS, LAST_NS = -(1 << 63), (1 << 63) - 1  # a device certificate that ends in 9999 ends when int64 does, in 2262

SEQUENCE, EXPLICIT_VERSION = 0x30, 0xA0
BEFORE_KEY = 5  # serialNumber, signature, issuer, validity, subject stand before subjectPublicKeyInfo (section 4.1)


def read(der: bytes) -> tuple[object, ...] | None:
    """A row of tables.Certificates, or None where the DER is malformed.

    Times are ns since 1970-01-01 UTC. Extensions that cannot be read count as absent: such certificates exist.
    """
    if not 0 < len(der) <= MAX_DER:
        return None
    key = find_key(der)
    if key is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cryptography warns of serial numbers and parameters that the capture chose
        try:
            certificate = x509.load_der_x509_certificate(der)
            subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
            begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        except (ValueError, x509.InvalidVersion):
            return None
        names, is_ca = _read_extensions(certificate)
        names = names or _common_names(certificate)
    return (
        hashlib.sha256(der).hexdigest(),
        subject[:MAX_NAME],
        issuer[:MAX_NAME],
        names,
        _ns(begin),
        _ns(end),
        hashlib.sha256(key).hexdigest(),
        is_ca,
        der,
    )


def _read_extensions(certificate: x509.Certificate) -> tuple[tuple[str, ...], bool]:
    """Names of subjectAltName, and whether basicConstraints says CA."""
    names: list[str] = []
    is_ca = False
    try:
        for extension in certificate.extensions:
            value = extension.value
            if isinstance(value, x509.SubjectAlternativeName):
                hosts = value.get_values_for_type(x509.DNSName)
                names += [host.lower().removesuffix(".") for host in hosts]
                names += [str(address) for address in value.get_values_for_type(x509.IPAddress)]
            elif isinstance(value, x509.BasicConstraints):
                is_ca = value.ca
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return (), False
    return tuple(name[:MAX_NAME] for name in names[:MAX_NAMES]), is_ca


def _common_names(certificate: x509.Certificate) -> tuple[str, ...]:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return tuple(str(attribute.value)[:MAX_NAME] for attribute in found[:MAX_NAMES])


def _ns(moment: dt.datetime) -> int:
    return max(FIRST_NS, min((moment - EPOCH) // MICROSECOND * 1000, LAST_NS))


def find_key(der: bytes) -> bytes | None:
    """The octets of subjectPublicKeyInfo as they stand (keys of any algorithm can be compared), None if absent."""
    outer = _element(der, 0)
    inner = _element(der, outer[0]) if outer and der[0] == SEQUENCE else None
    if not inner:
        return None
    at = inner[0]
    for _ in range(BEFORE_KEY + (der[at : at + 1] == bytes([EXPLICIT_VERSION]))):
        element = _element(der, at)
        if not element:
            return None
        at = element[1]
    key = _element(der, at)
    return der[at : key[1]] if key and der[at] == SEQUENCE else None


def _element(der: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of the DER element at `at` begins and ends (X.690 section 8.1.3)."""
    if at + 2 > len(der):
        return None
    length, content = der[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 3 or content + octets > len(der):
            return None
        length, content = int.from_bytes(der[content : content + octets], "big"), content + octets
    return (content, content + length) if content + length <= len(der) else None
