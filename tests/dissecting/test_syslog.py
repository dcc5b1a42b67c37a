import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, udp


@pytest.mark.parametrize(
    "octets",
    [b"<34>Oct 11 22:14:15 mymachine su: failed", b"<165>1 2026-10-11T22:14:15Z host app - - -", b"<0>1 - - - - - -"],
)
def test_a_priority_opens_a_message(octets):
    """RFC 3164 section 4.1, RFC 5424 section 6.2; over TCP also behind its length (RFC 6587)."""
    assert told(dissect(udp(octets, resp_p=514))) == ("syslog", "payload")
    assert told(dissect(tcp(b"40 " + octets, resp_p=601))) == ("syslog", "payload")


@pytest.mark.parametrize("octets", [b"<192>1 x", b"<07>Oct", b"<html>", b"plain text", b"<34> x"])
def test_other_text_is_not(octets):
    """A priority ends at 191 and has no leading zero."""
    assert dissect(udp(octets, resp_p=514)) is None


def test_on_other_ports_a_message_needs_its_time():
    """A priority alone is short; with the time of RFC 3164 or RFC 5424 behind it, it is no chance."""
    for message in (
        b"<34>Oct 11 22:14:15 m su: x",
        b"<34>1 2026-10-11T22:14:15Z m su - - - x",
        b"<34>1 - m su - - - x",
    ):
        assert told(dissect(udp(message, resp_p=5514))) == ("syslog", "payload")
    for message in (b"<34>su: x", b"<b>1</b>", b"<34>Oct eleven", b"<34>1 2026"):
        assert dissect(udp(message, resp_p=5514)) is None
