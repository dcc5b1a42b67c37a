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
