"""Marks of known filters."""

import re

import pytest

from analyzer.judging import products


@pytest.mark.parametrize(
    ("location", "title", "header", "product"),
    [
        ("http://10.0.0.1:1000/fgtauth", "", "", "Fortinet FortiGate"),
        ("http://wired.meraki.com:8090/blocked.cgi", "", "", "Cisco Meraki"),
        ("https://gateway.zscalertwo.net/x", "", "", "Zscaler"),
        ("http://filter.example/webadmin/deny", "", "", "Netsweeper"),
        ("http://10.0.0.1:15871/cgi-bin/blockpage.cgi", "", "", "Forcepoint"),
        ("", "ERROR: The requested URL could not be retrieved", "", "squid"),
        ("", "", "x-squid-error: ERR_ACCESS_DENIED 0", "squid"),
        ("http://www.example/", "Welcome", "", ""),
        ("http://notopendns.com.example/", "", "", ""),
    ],
)
def test_marks(location, title, header, product):
    """Each where it belongs, and nothing of what looks like it."""
    assert products.named(location, title, header) == product


def test_addresses_of_block_pages():
    """The seven of Cisco Umbrella, and nobody beside them."""
    pages = [last for last in range(256) if products.block_page_address(f"146.112.61.{last}")]
    assert pages == list(range(104, 111))
    assert products.block_page_address("208.91.112.55") == "Fortinet FortiGuard"


def test_every_mark_names_its_source_and_no_pattern_repeats_a_repetition():
    """Hostile text is matched in linear time."""
    for mark in products.MARKS:
        assert mark.source
        assert not re.search(r"[*+}][)][*+{]", mark.pattern.pattern)
