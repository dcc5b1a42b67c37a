"""HTTP/1 requests and responses in the first octets of a TCP flow, and where a CONNECT tunnel begins (RFC 9112)."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from analyzer.conversations import Conversation, Mark, Stream
from analyzer.dissecting import nats
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, Dissected, printable

SERVICE = "http"
MAX_ROWS = 16
MAX_LINE = 8192  # octets of a start line or header line; what common servers take
MAX_FIELDS = 128
MAX_TEXT = 256

# RFC 9110 section 9.1: a method is a token; those in use are upper case. RFC 9112 section 3: single spaces.
REQUEST = re.compile(rb"([A-Z][A-Z_-]{1,31}) ([\x21-\x7e\x80-\xff]+) HTTP/1\.[01]")
RESPONSE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\x00-\x08\x0a-\x1f\x7f]*)?")
LATER_RESPONSE = re.compile(rb"HTTP/1\.[01] [1-5][0-9]{2}[ \r\n]")
CUT_REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) (?:/|http://)[\x21-\x7e]{64,}")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,31}://")
MAX_BODY = 4096  # octets of a page in which its title is looked for
MAX_TITLE = 128
TITLE = re.compile(rb"<title(?:\s[^>]{0,256})?>([^<]{0,512})", re.IGNORECASE)
# squid, src/errorpage.cc: X-Squid-Error; RFC 9209: Proxy-Status; RFC 7725 section 4: Link with rel="blocked-by"
REFUSALS = (b"x-squid-error", b"proxy-status", b"x-blocked-by")
SCHEMES_ALONE = frozenset({b"basic", b"digest", b"negotiate", b"ntlm", b"bearer", b"kerberos"})


class Head(NamedTuple):
    """A start line and its fields; `whole` where the empty line after them was seen."""

    start: int
    end: int
    line: re.Match[bytes]
    fields: dict[bytes, bytes]
    whole: bool
    mark: Mark


class Tunnel(NamedTuple):
    """Where the octets of a CONNECT tunnel begin in the client's and in the server's stream."""

    client: int
    server: int


def dissect(talk: Conversation) -> Dissected | None:
    """Rows of tables.Http, one per request with its response; `tls_at` where a CONNECT was accepted."""
    straight = REQUEST.match(talk.orig.octets, 0, MAX_LINE) or RESPONSE.match(talk.resp.octets, 0, MAX_LINE)
    if straight:
        return _read(talk.flow, talk.orig, talk.resp, turned=False)
    if REQUEST.match(talk.resp.octets, 0, MAX_LINE) or RESPONSE.match(talk.orig.octets, 0, MAX_LINE):
        return _read(talk.flow, talk.resp, talk.orig, turned=True)
    if CUT_REQUEST.fullmatch(talk.orig.octets):
        return Dissected(SERVICE, PARTIAL)
    return None


def _read(flow: int, client: Stream, server: Stream, *, turned: bool) -> Dissected | None:
    requests = read_requests(client)
    pairs, tunnel = pair(requests, server)
    if not pairs:
        return None
    rows = tuple(("http", row(flow, request, response)) for request, response in pairs[:MAX_ROWS])
    strange = bool((client.octets and not requests) or (server.octets and find_response(server) is None))
    tls_at = _tls_in(client, server, tunnel) if tunnel else None
    if tls_at and turned:
        tls_at = (tls_at[1], tls_at[0])
    return Dissected(SERVICE, PARTIAL if strange else PAYLOAD, rows, tls_at, "connect" if tls_at else "")


def _tls_in(client: Stream, server: Stream, tunnel: Tunnel) -> tuple[int, int] | None:
    """Where TLS begins in a tunnel: at once, or after the INFO of NATS; None where the client speaks something else."""
    inner = Conversation(0, TCP, 0, 0, Stream(client.octets[tunnel.client :]), Stream(server.octets[tunnel.server :]))
    greeted = nats.dissect(inner)
    if greeted:
        return (tunnel.client, tunnel.server + greeted.tls_at[1]) if greeted.tls_at else None
    return None if inner.orig.octets[:1] not in {b"", b"\x16"} else (tunnel.client, tunnel.server)


def read_head(stream: Stream, at: int, start_line: re.Pattern[bytes]) -> Head | None:
    """The head that begins at offset `at`, or None where its start line is not there in full."""
    octets = stream.octets
    line_end = octets.find(b"\n", at, at + MAX_LINE)
    line = start_line.fullmatch(octets, at, line_end - (octets[line_end - 1] == 0x0D)) if line_end > at else None
    if not line:
        return None
    fields: dict[bytes, bytes] = {}
    here = line_end + 1
    for _ in range(MAX_FIELDS):
        line_end = octets.find(b"\n", here, here + MAX_LINE)
        if line_end < 0:
            break
        text = octets[here:line_end].removesuffix(b"\r")
        here = line_end + 1
        if not text:
            return Head(at, here, line, fields, True, stream.at(at))
        field = FIELD.fullmatch(text)
        if field:
            name = field[1].lower()
            fields[name] = fields[name] + b", " + field[2] if name in fields else field[2]
    return Head(at, len(octets), line, fields, False, stream.at(at))


def read_requests(client: Stream) -> list[Head]:
    """The requests of a stream in order, as far as their bodies can be skipped."""
    requests: list[Head] = []
    at: int | None = 0
    while at is not None and len(requests) < MAX_ROWS:
        head = read_head(client, at, REQUEST)
        if not head:
            break
        requests.append(head)
        at = _after_body(client.octets, head, until_close=False)
    return requests


def find_response(server: Stream) -> int | None:
    """Offset of the first status line, None without one; a capture that begins midway shows the end of a body first."""
    found = RESPONSE.match(server.octets, 0, MAX_LINE) or LATER_RESPONSE.search(server.octets)
    return found.start() if found else None


def pair(requests: list[Head], server: Stream) -> tuple[list[tuple[Head | None, Head | None]], Tunnel | None]:
    """Each request with its final response, in order; responses to requests that were not seen stand alone.

    A response answers the oldest open request (RFC 9112 section 9.3.2) that did not begin after it.
    """
    pairs: list[tuple[Head | None, Head | None]] = []
    open_requests = list(requests)
    at = find_response(server)
    while at is not None and len(pairs) < MAX_ROWS:
        response = read_head(server, at, RESPONSE)
        if not response:
            break
        status = int(response.line[1])
        if 100 <= status < 200 and status != 101:
            at = response.end if response.whole else None
            continue
        seen = open_requests and open_requests[0].mark.frame <= response.mark.frame
        request = open_requests.pop(0) if seen else None
        pairs.append((request, response))
        method = request.line[1] if request else b""
        if request and method == b"CONNECT" and 200 <= status < 300:
            return pairs, Tunnel(request.end, response.end) if response.whole and request.whole else None
        bare = method == b"HEAD" or status in {101, 204, 304}
        at = None if status == 101 else response.end if bare else _after_body(server.octets, response, until_close=True)
    pairs += [(request, None) for request in open_requests]
    return pairs, _one_sided_tunnel(pairs, server)


def _one_sided_tunnel(pairs: list[tuple[Head | None, Head | None]], server: Stream) -> Tunnel | None:
    """Where one direction only was captured: TLS right behind a CONNECT, or behind a 2xx head, says it was accepted."""
    request, response = pairs[-1] if pairs else (None, None)
    head = request or response
    if not head or not head.whole or (request and (response or server.octets)):
        return None
    if head.line.string[head.end : head.end + 2] != b"\x16\x03":
        return None
    if request:
        return Tunnel(head.end, 0) if request.line[1] == b"CONNECT" else None
    framed = b"content-length" in head.fields or b"transfer-encoding" in head.fields
    return Tunnel(0, head.end) if head.line[1][:1] == b"2" and not framed else None


def _after_body(octets: bytes, head: Head, *, until_close: bool) -> int | None:
    """Offset after a body, None where that is past the stream or ends with the connection (RFC 9112 section 6.3)."""
    if not head.whole:
        return None
    coding = head.fields.get(b"transfer-encoding", b"").lower()
    if coding:
        return _after_chunks(octets, head.end) if coding.endswith(b"chunked") else None
    length = head.fields.get(b"content-length")
    if length is None:
        return None if until_close else head.end
    if not length.isdigit() or len(length) > 15:
        return None
    end = head.end + int(length)
    return end if end <= len(octets) else None


def _after_chunks(octets: bytes, at: int) -> int | None:
    """Offset after the last chunk and its trailers (RFC 9112 section 7.1)."""
    while True:
        line_end = octets.find(b"\n", at, at + MAX_TEXT)
        digits = octets[at:line_end].split(b";")[0].strip() if line_end > 0 else b""
        if not digits or len(digits) > 8 or not all(digit in b"0123456789abcdefABCDEF" for digit in digits):
            return None
        length = int(digits, 16)
        if not length:
            break
        at = line_end + 1 + length + 2
        if at > len(octets) or octets[at - 2 : at] != b"\r\n":
            return None
    end = octets.find(b"\r\n\r\n", line_end - 1, line_end + MAX_LINE)
    return end + 4 if end >= 0 else None


def row(flow: int, request: Head | None, response: Head | None) -> tuple[object, ...]:
    """A row of tables.Http; credentials, queries and cookies are not in it."""
    asked = request.fields if request else {}
    answered = response.fields if response else {}
    method = request.line[1] if request else b""
    form, target, host, port = read_target(method, request.line[2] if request else b"", asked.get(b"host", b""))
    first = request or response
    return (
        flow,
        first.mark.ts_ns if first else 0,
        printable(method, MAX_TEXT),
        printable(target, MAX_TEXT),
        host,
        port,
        form,
        printable(asked.get(b"user-agent", b""), MAX_TEXT),
        int(response.line[1]) if response else -1,
        printable(_without_secrets(answered.get(b"location", b"")), MAX_TEXT),
        printable(answered.get(b"server") or answered.get(b"via", b""), MAX_TEXT),
        printable(answered.get(b"content-type", b""), MAX_TEXT),
        _has_credentials(asked.get(b"proxy-authorization", b"")),
        request.mark.frame if request else 0,
        response.mark.frame if response else 0,
        _title(response) if response else "",
        _refusal(answered),
    )


def _title(response: Head) -> str:
    """The title of an HTML page behind a response's head, as far as the flow's first octets hold it."""
    fields = response.fields
    if b"html" not in fields.get(b"content-type", b"").lower() or fields.get(b"content-encoding"):
        return ""
    found = TITLE.search(response.line.string[response.end : response.end + MAX_BODY])
    if not found:
        return ""
    text = " ".join(html.unescape(found[1].decode("utf-8", "replace")).split())
    return printable(text.encode("utf-8", "replace"), MAX_TITLE)


def _refusal(fields: dict[bytes, bytes]) -> str:
    """The first header field that only a filter or proxy sends with a refusal."""
    for name in REFUSALS:
        if name in fields:
            return printable(name + b": " + fields[name], MAX_TITLE)
    return ""


def _has_credentials(value: bytes) -> bool:
    """Whether a Proxy-Authorization holds more than the name of a scheme (RFC 9110 section 11.7.2)."""
    return bool(value) and value.lower() not in SCHEMES_ALONE


def _without_secrets(uri: bytes) -> bytes:
    """A URI without query, fragment and userinfo."""
    uri = re.split(rb"[?#]", uri, maxsplit=1)[0]
    scheme = SCHEME.match(uri)
    begin = scheme.end() if scheme else 2 if uri.startswith(b"//") else -1
    if begin < 0:
        return uri
    authority, slash, path = uri[begin:].partition(b"/")
    return uri[:begin] + authority.rpartition(b"@")[2] + slash + path


def read_target(method: bytes, target: bytes, host_field: bytes) -> tuple[str, bytes, str, int]:
    """Form, target without secrets, host and port of a request (RFC 9112 sections 3.2 and 3.3)."""
    if not method:
        return "", b"", "", -1
    if method == b"CONNECT":
        authority = target.rpartition(b"@")[2]
        return "authority", authority, *split_host(authority)
    scheme = SCHEME.match(target)
    if scheme:
        plain = _without_secrets(target)
        authority = plain[scheme.end() :].partition(b"/")[0]
        return "absolute", plain, *split_host(authority)
    form = "asterisk" if target == b"*" else "origin"
    return form, _without_secrets(target) if form == "origin" else target, *split_host(host_field)


def split_host(authority: bytes) -> tuple[str, int]:
    """Host in lower case without brackets and trailing dot, and port or -1, of `host:port` (RFC 3986 section 3.2)."""
    authority = authority.rpartition(b"@")[2]
    if authority.startswith(b"["):
        host, _, rest = authority[1:].partition(b"]")
        digits = rest.removeprefix(b":")
    else:
        host, _, digits = authority.partition(b":")
        host = host.removesuffix(b".")
    port = int(digits) if digits.isdigit() and len(digits) <= 5 else -1
    return printable(host, 255).lower(), port if port <= 0xFFFF else -1
