"""Numbers get the names that the registries give them, and any other number stays readable."""

import pytest

from analyzer import iana


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (iana.link_type_name(1), "ethernet"),
        (iana.ip_protocol_name(6), "tcp"),
        (iana.ip_protocol_name(58), "ipv6-icmp"),
        (iana.ether_type_name(0x86DD), "ipv6"),
        (iana.icmp_type_name(4, 3), "destination unreachable"),
        (iana.icmp_type_name(6, 1), "destination unreachable"),
        (iana.unreachable_name(4, 13), "communication administratively prohibited"),
        (iana.unreachable_name(6, 4), "port unreachable"),
        (iana.dns_type_name(28), "AAAA"),
        (iana.dns_rcode_name(3), "NXDOMAIN"),
        (iana.tls_version_name(0x0303), "TLSv12"),
        (iana.tls_version_name(0x0304), "TLSv13"),
        (iana.tls_version_name(0x7F17), "TLSv13-draft23"),
        (iana.tls_version_name(0xFEFD), "DTLSv12"),
        (iana.group_name(29), "x25519"),
        (iana.tls_alert_name(48), "unknown_ca"),
        (iana.group_name(4588), "X25519MLKEM768"),
        (iana.cipher_suite_name(0x1301), "TLS_AES_128_GCM_SHA256"),
    ],
)
def test_registered_numbers_have_their_names(name, expected):
    """A number of a registry has the name that the registry gives it, or Zeek, whose words are used."""
    assert name.lower().replace("_", " ") == expected.lower().replace("_", " ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (iana.link_type_name(65000), "link type 65000"),
        (iana.ip_protocol_name(253), "253"),
        (iana.ether_type_name(0x1234), "0x1234"),
        (iana.icmp_type_name(4, 250), "type 250"),
        (iana.unreachable_name(4, 99), "code 99"),
        (iana.dns_type_name(65400), "TYPE65400"),
        (iana.dns_rcode_name(12), "RCODE12"),
        (iana.tls_version_name(0x1234), "unknown-4660"),
        (iana.cipher_suite_name(0xFEFE), "0xfefe"),
        (iana.group_name(0x6A6B), "0x6a6b"),
        (iana.tls_alert_name(255), "alert 255"),
    ],
)
def test_other_numbers_stay_readable(name, expected):
    """A number that no registry knows is told as a number."""
    assert name == expected


def test_protocols_are_found_by_name_and_by_number():
    """Both Wireshark's and IANA's words for ICMPv6 lead to 58; digits stand for themselves; nonsense is nothing."""
    assert {iana.ip_protocol_number(name) for name in ("icmp6", "ICMPv6", "ipv6-icmp", "58")} == {58}
    for nonsense in ("256", "-1", "", "\u0665", "no-such-protocol", "1" * 5000):
        assert iana.ip_protocol_number(nonsense) is None


def test_grease_is_known():
    """Exactly the sixteen values of RFC 8701 are grease."""
    assert [value for value in range(1 << 16) if iana.is_grease(value)] == [
        nibble << 12 | 0x0A00 | nibble << 4 | 0x0A for nibble in range(16)
    ]


def test_no_name_is_empty_or_odd():
    """Every name of every table is printable ASCII without spaces around it."""
    tables = [table for word, table in vars(iana).items() if word.isupper() and isinstance(table, dict)]
    names = [name for table in tables for name in table.values() if isinstance(name, str)]
    assert len(names) > 500
    assert [name for name in names if not name.isascii() or not name.isprintable() or name != name.strip()] == []
