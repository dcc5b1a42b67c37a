from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, udp


def test_a_virtual_link_header_with_its_own_length_is_bacnet():
    """ASHRAE 135 annex J.2: type 0x81, function, length of the whole; Who-Is here."""
    who_is = b"\x81\x0b\x00\x08\x01\x00\x10\x08"
    assert told(dissect(udp(who_is, resp_p=47808))) == ("bacnet", "payload")
    assert dissect(udp(who_is + b"\0", resp_p=47808)) is None
    assert dissect(udp(b"\x81\x55\x00\x04", resp_p=47808)) is None
    assert dissect(tcp(who_is, resp_p=47808)) is None


def test_what_a_function_carries_must_be_there():
    """Clause 6.2: version 1 and no reserved bit behind unicast, broadcast and forwarded; others carry none."""
    assert told(dissect(udp(b"\x81\x04\0\x12\xc0\0\2\1\xba\xc0\1\x20\xff\xff\0\xff\x10\x08"))) == ("bacnet", "payload")
    assert told(dissect(udp(b"\x81\x05\0\6\0\x3c"))) == ("bacnet", "payload")
    for octets in (b"\x81\x0b\0\x08\2\0\x10\x08", b"\x81\x0a\0\x08\1\x40\x10\x08", b"\x81\x0a\0\4"):
        assert dissect(udp(octets, resp_p=47808)) is None
