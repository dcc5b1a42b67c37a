import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from analyzer.errors import SourceError
from analyzer.trustfile import load


def root(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


def test_all_certificates_of_a_file_are_read(tmp_path):
    """Two roots with words between them come out in DER, in order."""
    roots = [root("one"), root("two")]
    path = tmp_path / "roots.pem"
    path.write_bytes(b"# one\n" + b"the other:\n".join(each.public_bytes(Encoding.PEM) for each in roots))
    assert load(str(path)) == tuple(each.public_bytes(Encoding.DER) for each in roots)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff" * 100,
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----",
    ],
)
def test_what_holds_no_certificate_is_refused(tmp_path, octets):
    """An empty file, other octets, a damaged certificate: one line with the path."""
    path = tmp_path / "roots.pem"
    path.write_bytes(octets)
    with pytest.raises(SourceError, match="expected certificates in PEM"):
        load(str(path))


def test_a_file_that_is_not_there_or_endless_is_refused(tmp_path):
    """What cannot be read is one line, and what never ends is not read to its end."""
    with pytest.raises(SourceError, match="cannot be read"):
        load(str(tmp_path / "nowhere.pem"))
    with pytest.raises(SourceError, match="too large"):
        load("/dev/zero")
