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
