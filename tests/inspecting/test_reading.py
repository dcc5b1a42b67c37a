"""Readings are compared quantity by quantity, and issuers are named alike wherever their certificates come from."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.inspecting.reading import QUANTITIES, Comparison, Reading, compare, issuer_name
from tests.builders.readings import reading, signed


def test_every_field_is_a_quantity_with_its_causes():
    """What is compared is the fields of a reading, in their order, each with a title of its own and a cause."""
    assert [one.name for one in QUANTITIES] == [field.name for field in dataclasses.fields(Reading)]
    assert len({one.title for one in QUANTITIES}) == len(QUANTITIES)
    assert all(one.causes for one in QUANTITIES)


def test_equal_readings_agree():
    """A reading beside itself differs in nothing."""
    compared = compare(reading(), reading())
    assert all(one.agree for one in compared)
    assert Comparison("a.pcap", "TShark 4", compared).agree


def test_what_differs_is_told_with_the_names_that_one_has():
    """One name more on each side and one packet less: two quantities differ, and only these."""
    theirs = reading(packets=2, dns_names=frozenset({"a.example", "c.example"}))
    compared = compare(reading(dns_names=frozenset({"a.example", "b.example"})), theirs)
    assert {one.quantity: one.only for one in compared if not one.agree} == {
        "packets": ((), ()),
        "dns_names": (("b.example",), ("c.example",)),
    }
    assert not Comparison("a.pcap", "TShark 4", compared).agree


@pytest.mark.parametrize(
    ("issuer", "name"),
    [({"CN": "Root", "O": "Acme"}, "Root"), ({"O": "Acme"}, "O=Acme"), ({"L": "Nowhere"}, ""), ({}, "")],
)
def test_an_issuer_goes_by_its_common_name(issuer, name):
    """Its common name, else its organisation, else nothing."""
    assert issuer_name(signed(issuer)) == name


@given(st.binary(max_size=200))
def test_octets_that_are_no_certificate_have_no_issuer(octets):
    """Any octets give None, and so does a certificate that is cut or beyond all bounds."""
    assert issuer_name(octets) is None
    assert issuer_name(signed({"CN": "Root"})[:-1]) is None
    assert issuer_name(b"\x30" * 70_000) is None
