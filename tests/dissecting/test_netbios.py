from analyzer.dissecting import dissect
from tests.builders.conversations import told, udp


def test_names_and_datagrams_on_their_ports():
    """RFC 1002 sections 4.2 and 4.4: an encoded name of 32 letters; a type from 0x10 to 0x16."""
    name = b"\x80\x01\x01\x10\0\1\0\0\0\0\0\0\x20" + b"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + b"\0\0\x21\0\1"
    datagram = b"\x11\x02\x80\x01\x0a\0\0\1\0\x8a\0\xbb\0\0"
    assert told(dissect(udp(name, orig_p=137, resp_p=137))) == ("netbios-ns", "payload")
    assert told(dissect(udp(datagram, orig_p=138, resp_p=138))) == ("netbios-dgm", "payload")
    assert dissect(udp(name.replace(b"CK", b"ck"), resp_p=137)) is None
    assert dissect(udp(b"\x30" + datagram[1:], resp_p=138)) is None
    assert dissect(udp(name, resp_p=1137)) is None
