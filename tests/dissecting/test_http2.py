from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told


def test_the_preface_is_http2_and_a_longer_method_is_not():
    """RFC 9113 section 3.4: 24 fixed octets, from the client."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    assert told(dissect(tcp(preface + b"\0\0\0\4\0\0\0\0\0"))) == ("http2", "payload")
    assert dissect(tcp(preface[:-1])) is None
    assert dissect(tcp(b"", preface)) is None
