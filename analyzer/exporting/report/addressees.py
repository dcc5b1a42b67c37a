"""The code of a finding becomes who can change what it complains of."""

from __future__ import annotations

from collections.abc import Mapping

FIREWALL = "Firewall administrator"
RESOLVER = "DNS administrator"
FILTER = "Proxy and web filter administrator"
DEVICE = "Who runs the device"
PLANT = "Plant network administrator"
RECORDER = "Who took the capture"

_BY: Mapping[str, tuple[str, ...]] = {
    FIREWALL: (
        "icmp-prohibited", "icmp-unreachable", "inbound-connection", "in-half", "reset-foreign", "stalled",
        "syn-refused", "syn-unanswered", "synack-unheard", "udp-unanswered", "undocumented-destination",
    ),
    RESOLVER: (
        "dns-no-answer", "dns-nxdomain", "dns-refused", "dns-rewritten", "dns-servfail", "dns-sinkholed",
        "local-name-stripped", "name-at-other-address", "stale-name",
    ),
    FILTER: (
        "alert-from-server", "certificate-forged", "certificate-of-another", "certificate-refused", "hello-differs",
        "hello-foreign", "http-block-page", "http-captive-portal", "proxy-auth-required", "proxy-credentials-clear",
        "proxy-denied", "reset-after-hello", "silent-after-hello",
    ),
    DEVICE: ("other-ntp-server", "other-resolver", "other-variant", "payload-mismatch", "rate-over-budget",
             "two-variants"),
    PLANT: (
        "address-by-dhcp", "address-changed", "dhcp-on-machine-network", "machine-leaves-site", "machine-other-peer",
        "two-macs",
    ),
    RECORDER: ("behind-nat", "operators-one-stack", "session-differs"),
}  # fmt: skip

ADDRESSEES: Mapping[str, str] = {code: who for who, codes in _BY.items() for code in codes}
"""By code of a finding, who can change it: the one whom its remedy speaks to."""
