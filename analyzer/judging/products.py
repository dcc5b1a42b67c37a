"""How known filters say that they block: a name for a page, a redirect or an address. It names a suspect only.

Each row: the product, where the pattern is looked for, the pattern, and where that stands. Read in November 2026.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

LOCATION, TITLE, HEADER = "location", "title", "header"


class Mark(NamedTuple):
    """Something by which a product is known: a pattern in the Location, the page's title or the refusing header."""

    product: str
    where: str
    pattern: re.Pattern[str]
    source: str


def _mark(product: str, where: str, pattern: str, source: str) -> Mark:
    return Mark(product, where, re.compile(pattern, re.IGNORECASE), source)


MARKS = (
    _mark("Fortinet FortiGate", LOCATION, r"/fgtauth\b", "FortiOS Administration Guide, authentication portal"),
    _mark(
        "Fortinet FortiGate", TITLE, r"^(?:web page blocked|fortiguard \w+ .*blocked)", "FortiOS replacement messages"
    ),
    _mark("Palo Alto Networks", LOCATION, r":608[0-9]/php/u\w+\.php", "PAN-OS Web Interface Help, Captive Portal"),
    _mark("Cisco Umbrella", LOCATION, r"//[\w.-]*\b(?:opendns\.com|sse\.cisco\.com)(?:[:/]|$)", "Umbrella block pages"),
    _mark("Cisco Meraki", LOCATION, r"\.meraki\.com:?\d*/blocked\.cgi", "Meraki MX Content Filtering"),
    _mark("Zscaler", LOCATION, r"//[\w.-]*\bzscaler\w*\.(?:net|com)(?:[:/]|$)", "Zscaler Help, End User Notifications"),
    _mark("Zscaler", HEADER, r"\bzscaler\b", "Zscaler Help, End User Notifications"),
    _mark("Netsweeper", LOCATION, r"/webadmin/deny\b", "OONI, blocking-fingerprints, fingerprints_http.csv"),
    _mark("Forcepoint", LOCATION, r":15871/cgi-bin/block", "Forcepoint Web Security Administrator Help, Block Pages"),
    _mark("Symantec ProxySG", LOCATION, r"//notify\.bluecoat\.com(?:[:/]|$)", "Symantec ProxySG, Notify User"),
    _mark("squidGuard", LOCATION, r"/sgerror\.php", "pfSense documentation, squidGuard package"),
    _mark("Untangle", LOCATION, r"/(?:http-blocker|web-filter)/blockpage", "Untangle NG Firewall, Web Filter"),
    _mark("squid", HEADER, r"\bERR_(?:CACHE_)?(?:ACCESS_DENIED|BLOCKED)\w*", "squid, X-Squid-Error in its error pages"),
    _mark(
        "squid",
        TITLE,
        r"^ERROR: (?:The requested URL could not be retrieved|Cache Access Denied)",
        "squid, errors/templates",
    ),
    _mark("Microsoft Forefront TMG", HEADER, r"\bThe .{0,20}ISA Server denied\b", "Microsoft, ISA Server error pages"),
)

BEFORE_SERVERS = frozenset({"squid", "Fortinet FortiGate"})
"""Products of which operators also put one, or its sister (FortiWeb), before their own servers: pages look the same."""

BLOCK_PAGES = (
    # OpenDNS, "What are the Cisco Umbrella Block Page IP Addresses": 146.112.61.104 to .110
    *((ipaddress.ip_address(f"146.112.61.{last}"), "Cisco Umbrella") for last in range(104, 111)),
    # Fortinet, FortiOS DNS filter: the portal to which FortiGuard redirects by default
    (ipaddress.ip_address("208.91.112.55"), "Fortinet FortiGuard"),
)
BY_ADDRESS = {str(address): product for address, product in BLOCK_PAGES}


def named(location: str, title: str, header: str) -> str:
    """The product that a refusal's Location, title or header speaks of, empty for none."""
    texts = {LOCATION: location, TITLE: title, HEADER: header}
    return next((mark.product for mark in MARKS if texts[mark.where] and mark.pattern.search(texts[mark.where])), "")


def block_page_address(address: str) -> str:
    """The product to whose block page an address belongs, empty for none."""
    return BY_ADDRESS.get(address, "")
