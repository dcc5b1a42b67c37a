import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told

REQUEST = b"GIOP\x01\x02\x01\x00\x10\x00\x00\x00" + bytes(16)


@pytest.mark.parametrize(
    "talk",
    [tcp(REQUEST, resp_p=683), tcp(b"", b"GIOP\x01\x00\x00\x01\x00\x00\x00\x08" + bytes(8), resp_p=683), tcp(REQUEST)],
)
def test_giop_is_partial_on_every_port(talk):
    """CORBA 3.4 part 2, section 9.4.1; that a control speaks it is plausible, not documented."""
    assert told(dissect(talk)) == ("giop", "partial")


@pytest.mark.parametrize(
    "octets",
    [
        b"GIOP\x02" + REQUEST[5:],
        b"GIOP\x01\x09" + REQUEST[6:],
        REQUEST[:7] + b"\x20" + REQUEST[8:],
        b"GIOP\x01\x02\x00\x00\xff\xff\xff\xff",
        REQUEST[:11],
    ],
)
def test_other_headers_are_not(octets):
    """An unknown version or type, a length that no message has, a cut header."""
    assert dissect(tcp(octets, resp_p=683)) is None
