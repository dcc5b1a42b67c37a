"""Certificates with other names."""

from __future__ import annotations

import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from analyzer.extracting.chains import masked
from analyzer.extracting.disguise import Disguise
from analyzer.judging.interceptors import product_of
from analyzer.judging.vouching import read_leaf
from analyzer.rulepack import shipped

DISGUISE = Disguise(b"key", shipped())
KEY = ec.derive_private_key(77, ec.SECP256R1())
BEGIN = dt.datetime(2026, 3, 4, tzinfo=dt.UTC)


def name(common, organization):
    """A name of two parts."""
    parts = (NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, organization)
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def certificate(issuer, *names):
    """A certificate for names, as DER."""
    whole = [x509.DNSName(text) for text in names]
    whole.append(x509.IPAddress(ipaddress.ip_address("10.7.0.21")))
    made = x509.CertificateBuilder(issuer, name(names[0], "Zwieback GmbH"), KEY.public_key(), 5, BEGIN, BEGIN)
    made = made.add_extension(x509.SubjectAlternativeName(whole), critical=False)
    for last, text in ((2, b"\x1e\x10" + "Zwieback".encode("utf-16-be")), (7, b"\x0c\x08Zwieback")):
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.311.20.{last}")
        made = made.add_extension(x509.UnrecognizedExtension(oid, text), critical=False)
    return made.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def message(*ders):
    """What a Certificate message holds."""
    chain = b"".join(len(der).to_bytes(3, "big") + der for der in ders)
    return len(chain).to_bytes(3, "big") + chain


def test_names_are_others_and_the_rest_is_as_it_was():
    """Of subject, issuer and alternative names; key and dates stay, and a documented name."""
    der = certificate(name("Zwieback CA", "Zwieback"), "erp.zwieback.example", "api.machinemetrics.com")
    octets = message(der, der)
    made = masked(octets, DISGUISE)
    assert len(made) == len(octets)
    assert b"wieback" not in made
    assert "wieback".encode("utf-16-be") not in made
    first = x509.load_der_x509_certificate(made[6 : 6 + len(der)])
    told = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert told.get_values_for_type(x509.DNSName) == [
        DISGUISE.name(b"erp.zwieback.example").decode(),
        "api.machinemetrics.com",
    ]
    assert told.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address(DISGUISE.address(bytes([10, 7, 0, 21])))]
    assert first.public_key() == KEY.public_key()
    assert first.not_valid_before_utc == BEGIN


def element(tag, *held):
    """An element of DER."""
    octets = b"".join(held)
    return bytes([tag, len(octets)]) + octets


def test_what_holds_no_der_and_names_of_any_letters_are_others():
    """Of an own extension, of an AD account's id, of a name that is not ASCII; the ids of keys stay."""
    sid = element(0xA0, bytes.fromhex("060a2b060104018237190201"), element(0xA0, element(4, b"S-1-5-21-1004336348")))
    texts = ("2.3.4.5", b"Zwieback Halle 7"), ("2.3.4.6", element(0x30, sid)), ("2.3.4.7", b"0\x0eZwieback Halle")
    made = x509.CertificateBuilder(name("a", "b"), name("a", "b"), KEY.public_key(), 5, BEGIN, BEGIN)
    for oid, octets in texts:
        made = made.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.{oid}"), octets), critical=False)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("prXfstand.zwieback")]), critical=False)
    ids = x509.SubjectKeyIdentifier.from_public_key(KEY.public_key())
    names = [x509.DirectoryName(name("Zwieback", "b"))]
    about = x509.AuthorityKeyIdentifier(ids.digest, names, int.from_bytes(b"serial7", "big"))
    der = made.add_extension(ids, critical=False).add_extension(about, critical=False).sign(KEY, hashes.SHA256())
    octets = der.public_bytes(serialization.Encoding.DER).replace(b"prX", b"pr\xfc")
    other = masked(message(octets), DISGUISE)
    for gone in (b"wieback", b"Halle", b"1004336348", b"fstand"):
        assert gone in octets
        assert gone not in other
    assert other.count(ids.digest) == 2
    assert b"serial7" in other


def test_a_product_is_known_by_its_issuer():
    """Of such an issuer's name only what it takes is kept."""
    der = certificate(name("FortiGate CA", "Zwieback"), "erp.zwieback.example")
    made = masked(message(der), DISGUISE)[6:]
    before, after = (read_leaf(("", "", (), 0, 0, octets)) for octets in (der, made))
    assert product_of(after) == product_of(before) == "Fortinet FortiGate"
    assert b"wieback" not in made


def test_what_is_cut_is_not_kept():
    """A certificate that is not there whole."""
    octets = message(certificate(name("Zwieback CA", "Zwieback"), "erp.zwieback.example"))[:300]
    assert masked(octets, DISGUISE) == octets[:3] + bytes(297)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_octets_are_as_many_afterwards(octets, at):
    """Whatever they are, nothing is raised: alone, and in the midst of a certificate."""
    assert len(masked(octets, DISGUISE)) == len(octets)
    whole = message(certificate(name("Zwieback CA", "Zwieback"), "erp.zwieback.example"))
    broken = whole[: 6 + at] + octets[:9] + whole[6 + at + len(octets[:9]) :]
    assert len(masked(broken, DISGUISE)) == len(broken)
