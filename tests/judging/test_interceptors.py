"""Known interceptors, and those that must not be taken for one."""

import datetime as dt
import tomllib
import warnings

import certifi
import pytest
from cryptography import x509

from analyzer.judging import interceptors
from analyzer.judging.interceptors import product_of
from tests.builders.certificates import authority, leaf

KEYS = {"product", "field", "pattern", "source", "read"}
ENTRIES = tomllib.loads(interceptors.DATA.read_text("utf-8"))["interceptor"]
PUBLIC = [
    ("R3", "Let's Encrypt"),
    ("R10", "Let's Encrypt"),
    ("E5", "Let's Encrypt"),
    ("Amazon RSA 2048 M02", "Amazon"),
    ("WE1", "Google Trust Services"),
    ("WR2", "Google Trust Services"),
    ("DigiCert TLS RSA SHA256 2020 CA1", "DigiCert Inc"),
    ("Sectigo RSA Domain Validation Secure Server CA", "Sectigo Limited"),
    ("Cloudflare Inc ECC CA-3", "Cloudflare, Inc."),
    ("Microsoft Azure RSA TLS Issuing CA 04", "Microsoft Corporation"),
]


def issued_by(common, organization=""):
    """The product that a certificate of this issuer tells."""
    issuer = authority(common, organization=organization, own=authority("any").key)
    return product_of(leaf("files.example", issuer=issuer).read)


def test_every_entry_says_what_it_is_and_where_that_stands():
    """Product, field, pattern, source and the day on which that was read; all patterns compile."""
    assert [entry for entry in ENTRIES if set(entry) != KEYS or not all(entry.values())] == []
    assert {type(entry["read"]) for entry in ENTRIES} == {dt.date}
    assert len(interceptors.interceptors()) == len(ENTRIES)


def test_no_two_entries_are_the_same():
    """A pattern in a field stands once."""
    told = [(entry["field"], entry["pattern"]) for entry in ENTRIES]
    assert sorted(told) == sorted(set(told))


def test_no_public_root_is_an_interceptor():
    """Neither by its name as a root's, nor as the issuer of others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        roots = x509.load_pem_x509_certificates(certifi.contents().encode("ascii"))
        known = [(root, fields_of(root.subject)) for root in roots]
    assert len(roots) > 100
    assert [taken for root, fields in known if (taken := by_name(root.subject, fields))] == []


def fields_of(subject):
    return [(field, held.value) for field, oid in interceptors.FIELDS.items() for held in subject if held.oid == oid]


def by_name(subject, fields):
    """The product of an issuer with this name."""
    made = leaf("files.example", issuer=authority("any")).read
    return product_of(type(made)(**{**vars(made), "issuer": subject.rfc4514_string(), "fields": tuple(fields)}))


@pytest.mark.parametrize(("common", "organization"), PUBLIC)
def test_no_public_intermediate_is_an_interceptor(common, organization):
    """Those that sign most of the web."""
    assert issued_by(common, organization) == ""


@pytest.mark.parametrize(
    ("common", "organization", "product"),
    [
        ("mitmproxy", "mitmproxy", "mitmproxy"),
        ("MITMPROXY", "", "mitmproxy"),
        ("FortiGate CA", "Fortinet", "Fortinet FortiGate"),
        ("anything", "Zscaler Inc.", "Zscaler Internet Access"),
        ("mitmproxy fans", "", ""),
        ("Plant authority", "Cisco", ""),
    ],
)
def test_a_product_is_known_by_the_whole_of_its_name(common, organization, product):
    """In upper and lower case; a name in which it stands among other words tells nothing."""
    assert issued_by(common, organization) == product


def test_a_subject_names_nobody():
    """The vendor's own site carries the vendor's name."""
    assert product_of(leaf("files.example", common="mitmproxy", issuer=authority("any")).read) == ""


def test_a_field_that_no_name_has_is_refused(tmp_path, monkeypatch):
    """The file is wrong, and says so when it is read."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[[interceptor]]\nproduct="p"\nfield="ST"\npattern="x"\nsource="s"\nread=2026-01-01\n')
    monkeypatch.setattr(interceptors, "DATA", wrong)
    with pytest.raises(ValueError, match=r"wrong\.toml: no such field: ST"):
        interceptors.interceptors.__wrapped__()
