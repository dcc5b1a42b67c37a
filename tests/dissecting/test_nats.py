import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, nats
from tests.builders.conversations import tcp, told, turned

INFO = b'INFO {"server_id":"NDJ","version":"2.10.1","proto":1,"go":"go1.21","max_payload":1048576%s}\r\n'
HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
CONNECT = b'CONNECT {"verbose":false,"pedantic":false,"user":"edge","pass":"hunter2","lang":"go"}\r\nPING\r\n'


@pytest.mark.parametrize(
    "more", [b"", b',"tls_required":true', b',"tls_available" : true', b',"leafnode_urls":["a:7422"]']
)
def test_tls_begins_after_the_info(more):
    """NATS protocol, INFO: the server greets in clear, then the client begins TLS, whatever the INFO offers."""
    info = INFO % more
    found = dissect(tcp(b"", info, HELLO, HELLO))
    assert (told(found), found.tls_at, found.via) == (("nats", "payload"), (0, len(info)), "nats")
    assert dissect(turned(tcp(b"", info, HELLO))).tls_at == (len(info), 0)


def test_a_client_in_clear_begins_no_tls_and_its_credentials_stay_out():
    """TLS that is offered may be left; the CONNECT holds user and password."""
    found = dissect(tcp(b"", INFO % b',"tls_available":true', CONNECT, b"PONG\r\n"))
    assert (told(found), found.tls_at, found.via, found.rows) == (("nats", "payload"), None, "", ())
    assert "hunter2" not in repr(found)


def test_one_direction_alone():
    """The server's side shows INFO, the client's CONNECT; of TLS only what is required or follows."""
    required = INFO % b',"tls_required":true'
    assert dissect(tcp(b"", required)).tls_at == (0, len(required))
    assert dissect(tcp(b"", INFO % b"" + HELLO)).tls_at == (0, len(INFO % b""))
    assert dissect(tcp(b"", INFO % b"")).tls_at is None
    assert told(dissect(tcp(CONNECT))) == ("nats", "payload")


def test_an_info_cut_by_what_was_kept_is_still_one():
    """A server with many routes sends an INFO longer than the octets kept: TLS then begins past them."""
    cut = (INFO % b"")[:-2] + b',"connect_urls":["' + b"a" * 9000
    found = dissect(tcp(b"", cut, HELLO))
    assert (told(found), found.tls_at) == (("nats", "payload"), (0, len(cut)))


def test_a_connection_under_way_is_partial():
    """Seen midway, only the keep-alive is in clear."""
    assert told(dissect(tcp(b"PING\r\n", b"PONG\r\n"))) == ("nats", "partial")
    assert dissect(tcp(b"PING\r\n", b"+PONG\r\n")) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"INFO server started\r\n",
        b'INFO {"level":"info","version":"1.0","msg":"hello"}\r\n',
        b'INFO {"server_id":"only"}\r\n',
        b'INFORMATION {"server_id":"x","version":"2"}\r\n',
        b"CONNECT example.org:443 HTTP/1.1\r\n",
        b'CONNECT {"a":1}\r\n',
    ],
)
def test_other_text_is_not_nats(octets):
    """Logs, HTTP's CONNECT and JSON of other keys are somebody else's."""
    assert nats.dissect(tcp(b"", octets)) is None
    assert nats.dissect(tcp(octets)) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(rest, client):
    """Whatever follows the word INFO, TLS begins within the octets seen or not at all."""
    server = b'INFO {"server_id":"a","version":"b"' + rest
    found = nats.dissect(tcp(client, server))
    assert found.tls_at is None or found.tls_at[1] <= len(server)
