from analyzer.dissecting import dissect
from tests.builders.conversations import told, udp

QUERY = b"\0\0\0\0\0\1\0\0\0\0\0\0\x05_http\x04_tcp\x05local\0\0\x0c\0\1"


def test_dns_messages_on_the_two_ports():
    """RFC 6762 and RFC 4795: multicast DNS on 5353, LLMNR on 5355."""
    assert told(dissect(udp(QUERY, orig_p=5353, resp_p=5353))) == ("mdns", "payload")
    assert told(dissect(udp(b"", QUERY, orig_p=5355, resp_p=50000))) == ("llmnr", "payload")


def test_other_octets_and_ports_are_not():
    """No section, too many records, another opcode, no name, another port."""
    for octets in (bytes(40), b"\xff" * 40, b"\0\0\x28\0" + QUERY[4:], QUERY[:12], QUERY[:12] + b"\x82" + QUERY[13:]):
        assert dissect(udp(octets, resp_p=5353)) is None
    assert dissect(udp(QUERY, resp_p=5354)) is None
