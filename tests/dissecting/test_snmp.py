import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import told, udp


@pytest.mark.parametrize(
    "octets",
    [
        b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19",
        b"\x30\x82\x01\x02\x02\x01\x00\x04\x06public",
        b"\x30\x3e\x02\x01\x03\x30\x11",
    ],
)
def test_versions_one_to_three_are_snmp(octets):
    """RFC 1157, RFC 3416, RFC 3412: a sequence that opens with a version; the community is not kept."""
    found = dissect(udp(octets, resp_p=161))
    assert told(found) == ("snmp", "payload")
    assert found.rows == ()


def test_other_ber_and_other_ports_are_not():
    """LDAP is BER too; off its ports the signature is too short."""
    assert dissect(udp(b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03", resp_p=161)) is None
    assert dissect(udp(b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19", resp_p=1610)) is None
