from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, udp


def test_searches_announcements_and_answers_are_ssdp():
    """UPnP Device Architecture 2.0 section 1: HTTP's form over UDP."""
    search = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\n\r\n"
    for talk in (udp(search, resp_p=1900), udp(b"NOTIFY * HTTP/1.1\r\n\r\n"), udp(b"", answer)):
        assert told(dissect(talk)) == ("ssdp", "payload")
    assert dissect(udp(b"", b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")) is None
    assert told(dissect(tcp(search))) != ("ssdp", "payload")
