import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.conversations import Stream
from analyzer.dissecting import dissect, http1
from analyzer.tables import Http
from tests.builders.conversations import rows, tcp, told, turned

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


def get(path=b"/", fields=b"Host: example.org\r\n"):
    return b"GET " + path + b" HTTP/1.1\r\n" + fields + b"\r\n"


def test_a_request_and_its_response_become_one_row():
    """RFC 9112 sections 3 and 4: everything that a row holds, and nothing of the query."""
    asked = get(b"/a/b?token=secret", b"Host: Example.ORG.:8080\r\nUser-Agent: pip/24.0\r\nCookie: c=1\r\n")
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://u:pw@login.example/x?next=secret#f\r\nServer: s\r\n"
    found = http1.dissect(tcp(asked, answer + b"Content-Type: text/html\r\nContent-Length: 0\r\n\r\n"))
    assert told(found) == ("http", "payload")
    assert rows(found, Http) == [
        {
            "flow": 7,
            "ts_ns": 1000,
            "method": "GET",
            "target": "/a/b",
            "host": "example.org",
            "port": 8080,
            "form": "origin",
            "user_agent": "pip/24.0",
            "status": 302,
            "location": "http://login.example/x",
            "server": "s",
            "content_type": "text/html",
            "proxy_credentials": False,
            "request_frame": 1,
            "response_frame": 2,
            "title": "",
            "refusal": "",
        }
    ]
    assert "secret" not in repr(found)


def test_requests_of_one_connection_keep_their_own_responses():
    """RFC 9112 section 9.3.2: responses come in the order of the requests; bodies are skipped by their framing."""
    post = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\nGET /not HTTP/1.1\r\n\r\n"
    chunked = b"HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nHTTP/\r\n0\r\nTrailer: t\r\n\r\n"
    head = b"HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n"
    long_head = b"HTTP/1.1 204 X\r\nContent-Length: 500\r\n\r\n"
    again = b"HTTP/1.1 100 Continue\r\n\r\n"
    found = http1.dissect(tcp(post + head + get(b"/last"), again + chunked + long_head + OK))
    assert [(r["target"], r["status"]) for r in rows(found, Http)] == [("/p", 201), ("/h", 204), ("/last", 200)]


def test_a_response_that_came_before_the_first_request_stands_alone():
    """A capture that begins between request and response must not shift all the pairs."""
    found = http1.dissect(tcp(b"", OK, get(b"/next"), OK))
    assert [(r["target"], r["status"], r["request_frame"] or r["response_frame"]) for r in rows(found, Http)] == [
        ("", 200, 2),
        ("/next", 200, 3),
    ]


def test_one_direction_alone_is_read():
    """A one-sided capture holds requests without responses, or responses without requests."""
    only_asked, only_answered = http1.dissect(tcp(get(b"/x"))), http1.dissect(tcp(b"", OK))
    assert told(only_asked) == told(only_answered) == ("http", "payload")
    assert [(r["status"], r["response_frame"]) for r in rows(only_asked, Http)] == [(-1, 0)]
    assert [(r["method"], r["form"], r["host"], r["port"]) for r in rows(only_answered, Http)] == [("", "", "", -1)]


def test_a_connection_that_the_capture_shows_the_wrong_way_round_is_read():
    """Where a capture begins midway, the responder may have been taken for the originator."""
    assert rows(http1.dissect(turned(tcp(get(), OK))), Http) == rows(http1.dissect(tcp(get(), OK)), Http)


@pytest.mark.parametrize(
    ("request_line", "host_field", "form", "target", "host", "port"),
    [
        (b"CONNECT api.example:443", b"proxy", "authority", "api.example:443", "api.example", 443),
        (b"CONNECT u:p@[2001:DB8::1]:7422", b"", "authority", "[2001:DB8::1]:7422", "2001:db8::1", 7422),
        (b"GET http://u:p@a.example:81/x?q#f", b"proxy", "absolute", "http://a.example:81/x", "a.example", 81),
        (b"GET http://a.example", b"", "absolute", "http://a.example", "a.example", -1),
        (b"OPTIONS *", b"[::1]:80", "asterisk", "*", "::1", 80),
        (b"GET //e@vil/x", b"h:99999", "origin", "//vil/x", "h", -1),
        (b"GET /", b"u:p@h", "origin", "/", "h", -1),
        (b"GET /", b"", "origin", "/", "", -1),
    ],
)
def test_every_form_of_target_gives_host_and_port(request_line, host_field, form, target, host, port):
    """RFC 9112 section 3.2 and 3.3: what the request names; RFC 3986 section 3.2: userinfo never."""
    found = http1.dissect(tcp(request_line + b" HTTP/1.1\r\nHost: " + host_field + b"\r\n\r\n"))
    row = rows(found, Http)[0]
    assert (form, target, host, port) == (row["form"], row["target"], row["host"], row["port"])


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (b"Basic dXNlcjpwYXNz", True),
        (b"Digest username=x", True),
        (b"opaque-token", True),
        (b"Basic", False),
        (b"", False),
    ],
)
def test_of_proxy_credentials_only_the_fact_is_kept(value, seen):
    """RFC 9110 section 11.7.2: a scheme alone is no credentials, and the credentials stay out."""
    asked = b"CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: " + value + b"\r\nAuthorization: Basic eDp5\r\n\r\n"
    found = http1.dissect(tcp(asked))
    assert rows(found, Http)[0]["proxy_credentials"] is seen
    assert "dXNlcjpwYXNz" not in repr(found)
    assert "eDp5" not in repr(found)


def test_an_accepted_connect_tells_where_tls_begins():
    """RFC 9110 section 9.3.6: after a 2xx the octets are the tunnel's, whatever length the head claims."""
    asked = b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
    answer = b"HTTP/1.1 200 Connection established\r\nContent-Length: 9\r\n\r\n"
    found = http1.dissect(tcp(asked, answer, HELLO, HELLO))
    assert (found.tls_at, found.via, len(found.rows)) == ((len(asked), len(answer)), "connect", 1)
    assert http1.dissect(turned(tcp(asked, answer, HELLO))).tls_at == (len(answer), len(asked))


def test_a_refused_connect_that_is_tried_again_begins_tls_at_the_second():
    """A proxy that asks for credentials keeps the connection; the tunnel begins after the answer that grants it."""
    asked = b"CONNECT a:443 HTTP/1.1\r\n\r\n"
    refused = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!"
    granted = b"HTTP/1.1 200 OK\r\n\r\n"
    found = http1.dissect(tcp(asked, refused, asked, granted, HELLO))
    assert found.tls_at == (2 * len(asked), len(refused + granted))
    assert [row["status"] for row in rows(found, Http)] == [407, 200]
    assert http1.dissect(tcp(asked, refused)).tls_at is None


def test_a_tunnel_without_tls_is_none():
    """A tunnel may carry SSH or plain HTTP: then no TLS begins."""
    asked, granted = b"CONNECT a:22 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    assert http1.dissect(tcp(asked, granted, b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n")).tls_at is None


def test_nats_in_a_tunnel_begins_tls_after_its_info():
    """The server of a NATS connection speaks first, in a tunnel too."""
    asked, granted = b"CONNECT a:7422 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    info = b'INFO {"server_id":"N","version":"2.10","tls_required":true}\r\n'
    found = http1.dissect(tcp(asked, granted + info, HELLO))
    assert (found.service, found.tls_at, found.via) == ("http", (len(asked), len(granted + info)), "connect")


def test_a_tunnel_of_which_one_direction_is_seen():
    """One-sided: TLS right behind a CONNECT, or behind a 2xx that frames no body, is a tunnel."""
    asked, granted = b"CONNECT a:443 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    assert http1.dissect(tcp(asked + HELLO)).tls_at == (len(asked), 0)
    assert http1.dissect(tcp(b"", granted + HELLO)).tls_at == (0, len(granted))
    assert http1.dissect(tcp(b"", OK)).tls_at is None


@pytest.mark.parametrize(
    "octets",
    [
        b"OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\n\r\n",
        b"GET /\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
    ],
)
def test_what_only_looks_like_http_is_not(octets):
    """RTSP, SIP, HTTP/0.9 and broken start lines give no row."""
    assert http1.dissect(tcp(octets)) is None
    assert http1.dissect(tcp(b"", octets)) is None


def test_http_to_a_server_that_speaks_something_else_is_partial():
    """A scanner sends GET to anything; the request alone does not make the server one of HTTP."""
    assert told(http1.dissect(tcp(get(), b"+OK POP3 ready\r\n"))) == ("http", "partial")
    assert told(dissect(tcp(get(), b"SSH-2.0-OpenSSH_9\r\n"))) == ("ssh", "payload")


def test_a_request_line_longer_than_what_was_kept_is_partial():
    """The end of a very long target may lie past the first octets."""
    assert told(http1.dissect(tcp(b"GET /" + b"a" * 16000))) == ("http", "partial")
    assert http1.dissect(tcp(b"GET /" + b"a" * 20)) is None


def test_rows_fields_and_texts_are_bounded():
    """A hostile stream gives a bounded number of rows of at most 256 octets per text, each printable."""
    found = http1.dissect(tcp(get(b"/" + b"x" * 1000, b"User-Agent: \x1b[31m" + b"y" * 1000 + b"\r\n") * 100))
    assert len(found.rows) == http1.MAX_ROWS <= 64
    assert all(len(row["target"]) == 256 and row["user_agent"].isprintable() for row in rows(found, Http))
    assert http1.dissect(tcp(get(b"/", b"A: b\r\n" * 1000 + b"Host: late\r\n"))).rows[0][1][4] == ""


def test_a_capture_that_begins_amid_a_body_finds_the_next_response():
    """The end of an unseen answer comes before the answer to the first request that was seen."""
    found = http1.dissect(tcp(get(b"/seen"), b"rest of a body" + OK))
    assert (told(found), [row["status"] for row in rows(found, Http)]) == (("http", "payload"), [200])


@pytest.mark.parametrize("length", [b"-1", b"1e9", b"9" * 40, b"1, 2", b""])
def test_a_length_that_none_can_have_ends_the_reading(length):
    """RFC 9112 section 6.3: an invalid Content-Length leaves no way to find the next message."""
    found = http1.dissect(tcp(b"POST / HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n" + get(b"/second")))
    assert len(found.rows) == 1


PIECES = st.sampled_from(
    [
        get(),
        OK,
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"\r\n",
        b"\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"5\r\n",
        b"HTTP/1.1 200 ",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=40), max_size=12), st.lists(PIECES | st.binary(max_size=40), max_size=12))
def test_any_octets_never_raise(orig, resp):
    """Whatever is sent, a row has one cell per column, and a tunnel lies within its streams."""
    talk = tcp(b"".join(orig), b"".join(resp))
    found = http1.dissect(talk)
    if found:
        assert all(len(row) == len(Http._fields) for _, row in found.rows)
        assert found.tls_at is None or found.tls_at <= (len(talk.orig.octets), len(talk.resp.octets))


def test_a_stream_of_one_octet_chunks_ends_in_time():
    """Chunks of one octet each cost one step each."""
    body = b"1\r\na\r\n" * 4000 + b"0\r\n\r\n"
    stream = Stream(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body + get(b"/after"))
    assert len(http1.read_requests(stream)) == 2
