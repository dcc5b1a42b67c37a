import datetime as dt
import hashlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import certificates
from analyzer.tables import Certificates

KEY = ec.generate_private_key(ec.SECP256R1())
BEGIN, END = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), dt.datetime(2027, 1, 2, tzinfo=dt.UTC)


def make(*extensions, subject="api.example.org", begin=BEGIN, end=END, key=KEY):
    """A certificate of RFC 5280 in DER, signed with its own key."""
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, subject), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A, B")]
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuing CA")])
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), 7, begin, end)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def row(der):
    return dict(zip(Certificates._fields, certificates.read(der), strict=True))


LEAF = make(
    x509.SubjectAlternativeName(
        [
            x509.DNSName("API.example.org"),
            x509.DNSName("*.example.org"),
            x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        ]
    ),
    x509.BasicConstraints(ca=False, path_length=None),
)


def test_a_certificate_becomes_a_row():
    """RFC 5280: names, validity in ns, RFC 4514 strings, fingerprints of the whole and of the key."""
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert row(LEAF) == {
        "fingerprint": hashlib.sha256(LEAF).hexdigest(),
        "subject": "O=A\\, B,CN=api.example.org",
        "issuer": "CN=Issuing CA",
        "names": ("api.example.org", "*.example.org", "10.0.0.1"),
        "not_before_ns": 1767323045 * 10**9,
        "not_after_ns": 1798848000 * 10**9,
        "key_fingerprint": hashlib.sha256(spki).hexdigest(),
        "is_ca": False,
        "der": LEAF,
    }


def test_a_ca_and_a_certificate_without_alternative_names():
    """Without subjectAltName the common name stands in; basicConstraints tells a CA."""
    ca = row(make(x509.BasicConstraints(ca=True, path_length=0), subject="Root X1"))
    assert (ca["is_ca"], ca["names"]) == (True, ("Root X1",))


def test_a_certificate_without_end_ends_when_the_column_does():
    """RFC 5280 section 4.1.2.5: 99991231235959Z means no end; int64 ends in 2262."""
    forever = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    assert row(make(end=forever))["not_after_ns"] == 2**63 - 1


def test_the_key_is_found_whatever_its_algorithm():
    """The fingerprint is that of the octets, so one key under two names is seen as one."""
    key = ed25519.Ed25519PrivateKey.generate()
    first, second = row(make(key=key)), row(make(key=key, subject="other"))
    assert first["key_fingerprint"] == second["key_fingerprint"] != row(LEAF)["key_fingerprint"]


@pytest.mark.parametrize("cut", [0, 1, 4, 100, -1])
def test_a_cut_certificate_gives_none(cut):
    """Whatever is missing at the end."""
    assert certificates.read(LEAF[:cut]) is None


def test_what_is_no_certificate_gives_none():
    """Lengths that lie, other structures, more octets than a certificate has."""
    for der in (
        b"\x30\x82\xff\xff",
        b"\x30\x80\x00\x00",
        b"\x30\x84\xff\xff\xff\xff" + bytes(90),
        b"\x02\x01\x01",
        b"\x30" * 70000,
        LEAF + b"x",
    ):
        assert certificates.read(der) is None


def test_a_serial_number_that_the_library_warns_of_is_silent():
    """A negative serial number is against RFC 5280 section 4.1.2.2, and such certificates exist."""
    at = LEAF.index(b"\xa0\x03\x02\x01\x02\x02\x01\x07") + 7
    assert certificates.read(LEAF[:at] + b"\x87" + LEAF[at + 1 :]) is not None


@given(st.integers(0, len(LEAF) - 1), st.integers(0, 255), st.integers(0, len(LEAF) - 1), st.integers(0, 255))
def test_changed_octets_never_raise(at, octet, other_at, other):
    """A certificate of which two octets differ is read, or gives none."""
    changed = bytearray(LEAF)
    changed[at], changed[other_at] = octet, other
    found = certificates.read(bytes(changed))
    assert found is None or len(found) == len(Certificates._fields)
