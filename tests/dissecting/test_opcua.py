import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, opcua
from tests.builders.conversations import tcp, told, turned


def message(kind, body):
    """OPC 10000-6, section 7.1.2.2: type, chunk, length of the whole."""
    return kind + struct.pack("<I", len(body) + 8) + body


URL = b"opc.tcp://plc:4840/"
HELLO = message(b"HELF", struct.pack("<5Ii", 0, 65536, 65536, 0, 0, len(URL)) + URL)
ACKNOWLEDGE = message(b"ACKF", struct.pack("<5I", 0, 65536, 65536, 0, 0))
OPEN = message(b"OPNF", struct.pack("<Ii", 0, 47) + b"http://opcfoundation.org/UA/SecurityPolicy#None" + bytes(16))
REQUEST = message(b"MSGF", struct.pack("<4I", 3, 4, 51, 1) + b"body of a request")
ERROR = message(b"ERRF", struct.pack("<Ii", 0x80AC0000, 3) + b"why")


@pytest.mark.parametrize("port", [4840, 49320, 56000, 4880, 12345])
def test_a_hello_is_opcua_on_any_port(port):
    """The documented ports are common elsewhere: the payload decides, also where the capture is the wrong way round."""
    talk = tcp(HELLO + OPEN, ACKNOWLEDGE + OPEN, resp_p=port)
    assert told(dissect(talk)) == told(dissect(turned(talk))) == ("opcua", "payload")


@pytest.mark.parametrize(
    "octets", [HELLO, ACKNOWLEDGE, OPEN, ERROR, message(b"HELF", struct.pack("<5Ii", 0, 8192, 8192, 0, 0, -1))]
)
def test_each_message_that_opens_a_connection_proves_it_alone(octets):
    """One direction of an opening is enough."""
    assert told(dissect(tcp(octets))) == told(dissect(tcp(b"", octets))) == ("opcua", "payload")


def test_messages_under_way_need_both_directions():
    """Midway there are only MSG chunks: both sides prove, one is partial, a foreign other side contradicts."""
    assert told(dissect(tcp(REQUEST * 3, REQUEST))) == ("opcua", "payload")
    assert told(dissect(tcp(REQUEST * 3))) == ("opcua", "partial")
    assert dissect(tcp(REQUEST, b"MSG what?")) is None


@pytest.mark.parametrize(
    "octets",
    [
        HELLO[:4] + b"\xff\xff\xff\x7f" + HELLO[8:],
        HELLO.replace(b"HELF", b"HELC"),
        ACKNOWLEDGE[:4] + b"\x1d\0\0\0" + ACKNOWLEDGE[8:],
        message(b"OPNF", struct.pack("<Ii", 0, 8) + b"whatever" * 4),
        message(b"ERRF", struct.pack("<Ii", 0, 3) + b"why"),
        message(b"MSGX", bytes(32)),
        message(b"MSGF", bytes(4)),
        REQUEST + b"then something else",
        b"HELP mail.example.org\r\n",
        b"MSG hello world, this is chat\r\n",
        b"ERR unknown command\r\n",
    ],
)
def test_other_octets_are_not(octets):
    """Lengths that do not fit, unknown chunks, SMTP, chat."""
    assert dissect(tcp(octets, resp_p=4840)) is None


@given(st.sampled_from([b"HELF", b"ACKF", b"OPNF", b"MSGC", b"ERRF", b"RHEF"]), st.binary(max_size=60))
def test_any_octets_never_raise(kind, rest):
    """Whatever stands behind a type, nothing raises."""
    assert told(opcua.dissect(tcp(kind + rest, rest))) in {None, ("opcua", "payload"), ("opcua", "partial")}
