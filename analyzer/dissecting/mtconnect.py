"""An MTConnect agent: HTTP whose answers are MTConnect documents (MTConnect Part 1, REST protocol)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation, Stream
from analyzer.dissecting import http1
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "mtconnect"
PORTS = frozenset({5000, 8082})  # the agent's usual port, and that of a Haas control
BODY_LOOK = 4096  # octets of a body within which its root stands

PATH = re.compile(
    rb"GET (?:http://[^/ ]{1,255})?/(?:[^/? ]{1,128}/)?"
    rb"(probe|current|sample|assets?)(?:/[^? ]{0,512})?(\?[^ ]{0,2048})? HTTP/1"
)
STARTS = (b"GET ", b"HTTP/1.")
QUERY = re.compile(rb"[?&](?:path=//?|from=\d|at=\d|interval=\d|heartbeat=\d|count=-?\d)")
ROOT = re.compile(rb'(?:<|\{\s{0,64}")(?:[A-Za-z_][\w.-]{0,63}:)?([A-Za-z_][\w.-]{0,63})')
# A part of a multipart stream (MTConnect Part 1, sample with an interval), or a later answer: head, then the document.
PART = re.compile(
    rb"(?i:\nContent-type): ?(?:text|application)/xml[^<]{0,512}<\?xml [^>]{0,256}\?>[^<]{0,16}"
    rb"(?:<[?!][^>]{0,512}>[^<]{0,16}){0,4}<(?:[A-Za-z_][\w.-]{0,63}:)?MTConnect(?:Devices|Streams|Assets|Error)[\s>]"
)
DOCUMENTS = frozenset({b"MTConnectDevices", b"MTConnectStreams", b"MTConnectAssets", b"MTConnectError"})


def dissect(talk: Conversation) -> Dissected | None:
    """Rows of tables.Http under the service mtconnect.

    By the root of an answer: payload. By the requests alone, where no answer tells otherwise: partial, and only
    where more than the path speaks for it (the port, a query that agents know, two kinds of request). A stream of
    samples of which a capture shows the midst only, the client being silent, is partial too.
    """
    first, second = talk.orig.octets, talk.resp.octets
    answered = b"MTConnect" in first or b"MTConnect" in second
    if not first.startswith(STARTS) and not second.startswith(STARTS):
        streamed = answered and not (first and second) and PART.search(first or second)
        return Dissected(SERVICE, PARTIAL) if streamed else None
    if not answered and not PATH.match(first) and not PATH.match(second):
        return None
    found = http1.dissect(talk)
    if found is None or found.certainty != PAYLOAD or found.tls_at:
        return None
    certainty = _certainty(talk)
    return found._replace(service=SERVICE, certainty=certainty) if certainty else None


def _certainty(talk: Conversation) -> str:
    turned = bool(http1.RESPONSE.match(talk.orig.octets)) or bool(PATH.match(talk.resp.octets))
    client, server = (talk.resp, talk.orig) if turned else (talk.orig, talk.resp)
    requests = http1.read_requests(client)
    pairs, _ = http1.pair(requests, server)
    answers = [response for _, response in pairs if response is not None]
    if any(_is_document(server.octets[answer.end : answer.end + BODY_LOOK]) for answer in answers):
        return PAYLOAD
    if any(_contradicts(answer, server) for answer in answers):
        return ""
    return PARTIAL if _asks_as_clients_do(talk, client, requests) else ""


def _is_document(body: bytes) -> bool:
    """Whether the first element (or JSON key) of a body is the root of an MTConnect document."""
    root = ROOT.search(body)
    return root is not None and root[1] in DOCUMENTS


def _contradicts(answer: http1.Head, server: Stream) -> bool:
    """Whether an answer shows that no agent sent it: refused, not XML or JSON, or another document."""
    kind = answer.fields.get(b"content-type", b"").lower()
    if answer.line[1][:1] != b"2" or (b"xml" not in kind and b"json" not in kind and b"multipart" not in kind):
        return True
    body = server.octets[answer.end : answer.end + BODY_LOOK]
    return not answer.fields.get(b"content-encoding") and ROOT.search(body) is not None


def _asks_as_clients_do(talk: Conversation, client: Stream, requests: list[http1.Head]) -> bool:
    kinds = set()
    for request in requests:
        path = PATH.match(client.octets, request.start)
        if path:
            kinds.add(path[1].removesuffix(b"s"))
            if path[2] and QUERY.search(path[2]):
                return True
    return len(kinds) > 1 or bool(kinds and PORTS & {talk.orig_p, talk.resp_p})
