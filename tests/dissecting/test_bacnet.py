from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, udp


def test_a_virtual_link_header_with_its_own_length_is_bacnet():
    """ASHRAE 135 annex J.2: type 0x81, function, length of the whole; Who-Is here."""
    who_is = b"\x81\x0b\x00\x08\x01\x00\x10\x08"
    assert told(dissect(udp(who_is, resp_p=47808))) == ("bacnet", "payload")
    assert dissect(udp(who_is + b"\0", resp_p=47808)) is None
    assert dissect(udp(b"\x81\x55\x00\x04", resp_p=47808)) is None
    assert dissect(tcp(who_is, resp_p=47808)) is None
