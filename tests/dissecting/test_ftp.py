import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, ftp
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import CLIENT_HELLO, SAMPLES

GREETING = b"220 ready\r\n"


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["ftp"])
def test_a_greeting_and_a_command_are_ftp(service, certainty, talk):
    """RFC 959 sections 4 and 5; a greeting alone that says FTP in part; nothing of a login is kept."""
    assert told(dissect(talk)) == (service, certainty)
    assert dissect(talk).rows == ()
    if certainty == "payload":
        assert told(dissect(turned(talk))) == (service, certainty)


def test_tls_begins_behind_an_accepted_auth():
    """RFC 4217 section 4.1: offsets in the streams of originator and responder, either way round."""
    talk = tcp(b"AUTH TLS\r\n" + CLIENT_HELLO, GREETING + b"234 go on\r\n\x16\x03\x03")
    found = dissect(talk)
    assert (found.tls_at, found.via) == ((10, 22), "starttls")
    assert dissect(turned(talk)).tls_at == (22, 10)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"AUTH TLS\r\nUSER a\r\n", GREETING + b"504 unknown\r\n"),
        tcp(b"AUTH TLS\r\nUSER a\r\n", GREETING + b"234 go on\r\n"),
        tcp(b"USER a\r\n", GREETING + b"234 go on\r\n"),
    ],
)
def test_no_tls_without_its_answer(talk):
    """A refusal, a client that goes on in clear, one that did not ask."""
    assert told(dissect(talk)) == ("ftp", "payload")
    assert dissect(talk).tls_at is None


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"EHLO edge\r\n", b"220 mail ESMTP\r\n250 STARTTLS\r\n"),
        tcp(b"USER a\r\n", b"+OK POP3\r\n"),
        tcp(b"", b"220 VMware Authentication Daemon Version 1.10\r\n"),
        tcp(b"", b"220 mail ESMTP\r\n"),
        tcp(b"USER a\r\n"),
        tcp(b"STOR a\r\n", GREETING),
    ],
)
def test_others_that_greet_or_log_in_alike_are_not(talk):
    """SMTP and VMware greet with 220, POP3 knows USER; a USER off the port, and data, say nothing."""
    assert ftp.dissect(talk) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind a command and a greeting."""
    ftp.dissect(tcp(b"AUTH TLS\r\n" + one, b"220 " + other, resp_p=21))
