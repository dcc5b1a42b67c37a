"""XMPP by its opening stream, and TLS behind <proceed/> (RFC 6120 sections 4.7 and 5.4)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.starttls import begins, upgraded

SERVICE = "xmpp"

OPENING = re.compile(rb"\s{0,16}(?:<\?xml [^>]{0,128}\?>\s{0,16})?<stream:stream[\s>]")
STREAMS = b"http://etherx.jabber.org/streams"
MAX_OPENING = 2048
NAMESPACE = b"urn:ietf:params:xml:ns:xmpp-tls"


def dissect(talk: Conversation) -> Dissected | None:
    """Service xmpp, with the session where the server says that TLS may begin."""
    for client, server, turned in talk.sides():
        if not any(OPENING.match(octets) and STREAMS in octets[:MAX_OPENING] for octets in (client, server)):
            continue
        asked, agreed = _end_of(client, b"<starttls"), _end_of(server, b"<proceed")
        if not agreed and server:
            continue
        at = asked or len(client), agreed
        more = len(client) > at[0] or len(server) > at[1]
        if (asked or not client) and more and begins(client, at[0]) and begins(server, at[1]):
            return upgraded(SERVICE, at, turned=turned)
    opened = any(OPENING.match(octets) and STREAMS in octets[:MAX_OPENING] for octets, _, _ in talk.sides())
    return Dissected(SERVICE, PAYLOAD) if opened else None


def _end_of(octets: bytes, tag: bytes) -> int:
    """Where the element ends that begins with `tag` and is of the namespace of TLS; 0 for none."""
    at = octets.find(tag)
    end = octets.find(b">", at) + 1 if at >= 0 else 0
    if not end or NAMESPACE not in octets[at:end]:
        return 0
    closing = b"</" + tag[1:] + b">"
    return end + len(closing) if octets.startswith(closing, end) else end
