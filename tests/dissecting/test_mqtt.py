import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told


@pytest.mark.parametrize(
    "octets",
    [
        b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04edge",
        b"\x10\x80\x01\x00\x04MQTT\x05\xc2\x00\x3c",
        b"\x10\x12\x00\x06MQIsdp\x03\x02\x00\x3c",
    ],
)
def test_a_connect_packet_is_mqtt(octets):
    """MQTT 3.1, 3.1.1 and 5.0, section 3.1: type, remaining length, protocol name, level."""
    assert told(dissect(tcp(octets))) == ("mqtt", "payload")


@pytest.mark.parametrize(
    "octets", [b"\x10\x10\x00\x04MQTT\x06", b"\x20\x02\x00\x00", b"\x10\xff\xff\xff\xff\x00\x04MQTT\x04"]
)
def test_other_packets_are_not(octets):
    """An unknown level, a CONNACK without its CONNECT, a length of five octets."""
    assert dissect(tcp(octets)) is None


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\xc0\0", resp_p=1883),
        tcp(b"\x30\x04\0\1ax", b"\x40\x02\0\7", resp_p=1883),
        tcp(b"\xc0\0\x30\x04\0\1ax", b"\xd0\0\x32\x06\0\1a\0\7x", resp_p=17501),
    ],
)
def test_a_session_under_way_is_partial(talk):
    """Section 2.2: types, their flags and whole lengths; off its port several packets of both directions."""
    assert told(dissect(talk)) == ("mqtt", "partial")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\xc1\0", resp_p=1883),
        tcp(b"\xc0\1a", resp_p=1883),
        tcp(b"\x36\x04\0\1ax", resp_p=1883),
        tcp(b"\x30\x04\0\x09ax", resp_p=1883),
        tcp(b"\x30\x09\0\1ax", resp_p=1883),
        tcp(b"\xc0\0", b"HTTP/1.1 200 OK\r\n", resp_p=1883),
        tcp(b"\xc0\0", b"\xd0\0", resp_p=17501),
        tcp(b"\xc0\0\xc0\0", resp_p=17501),
    ],
)
def test_packets_that_contradict_themselves_are_not(talk):
    """Other flags, lengths, topics past the end, cut packets, another answer; few packets off the port."""
    assert dissect(talk) is None or dissect(talk).service != "mqtt"
