import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, turned, udp


@pytest.mark.parametrize(
    ("port", "service"), [(502, "modbus"), (44818, "ethernet-ip"), (22, "ssh"), (3389, "rdp"), (445, "smb")]
)
def test_a_connection_without_octets_is_what_its_port_is_registered_for(port, service):
    """IANA port registry; the certainty says that it is a guess."""
    assert told(dissect(tcp(resp_p=port))) == (service, "port")


def test_443_without_octets_says_nothing_and_neither_does_a_client_port():
    """443 carries TLS, VPNs and tunnels; some ports are common elsewhere; only the responder's counts."""
    for port in (443, 5000, 8082, 4001, 7878, 7422):
        assert dissect(tcp(resp_p=port)) is None
    assert dissect(turned(tcp(resp_p=502))) is None


def test_octets_that_would_have_told_contradict_the_port():
    """A port whose protocol is read by payload is no guess once something else was said there."""
    assert dissect(tcp(b"hello", resp_p=502)) is None
    assert dissect(tcp(b"\x16\x03\x01\x00\x05hello", resp_p=3389)) is None
    assert told(dissect(tcp(b"\x03\x00\x00\x13\x0e\xe0", resp_p=3389))) == ("rdp", "port")
    assert told(dissect(udp(b"\x01\x02\x03", resp_p=5060))) == ("sip", "port")
    assert dissect(udp(b"\x01\x02\x03", resp_p=500)) is None


def test_a_keep_alive_does_not_contradict_the_port():
    """RFC 9293 section 3.8.4: a probe may carry one octet, which is not data."""
    assert told(dissect(tcp(b"\0", resp_p=502))) == ("modbus", "port")
    assert dissect(tcp(b"\0\0", resp_p=502)) is None
