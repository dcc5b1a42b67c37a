"""NATS: the server's INFO before anything else, then a client in clear or in TLS (docs.nats.io, NATS protocol)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "nats"
MAX_LINE = 65536

INFO = re.compile(rb"INFO[ \t]+\{")
CONNECT = re.compile(rb"CONNECT[ \t]+\{")
INFO_KEYS = (b'"server_id"', b'"version"', b'"max_payload"', b'"proto"', b'"server_name"', b'"leafnode_urls"')
CONNECT_KEYS = (b'"verbose"', b'"pedantic"', b'"tls_required"', b'"lang"', b'"protocol"', b'"headers"', b'"nkey"')
TLS_OFFERED = re.compile(rb'"tls_(?:required|available)"[ \t]*:[ \t]*true')
HANDSHAKE = b"\x16\x03"  # TLS record of type handshake, any version (RFC 8446 section 5.1)


def dissect(talk: Conversation) -> Dissected | None:
    """Service nats; `tls_at` where TLS follows the INFO. What stands in CONNECT (credentials may) is not kept.

    Source: docs.nats.io, "NATS protocol": INFO, CONNECT, TLS after INFO; key words compared as servers write them.
    """
    for client, server, turned in talk.sides():
        if INFO.match(server):
            return _greeted(client, server, turned=turned)
        if not server and CONNECT.match(client) and _keys(client, CONNECT_KEYS) > 1:
            return Dissected(SERVICE, PAYLOAD)
        if client.startswith(b"PING\r\n") and server.startswith(b"PONG\r\n"):
            return Dissected(SERVICE, PARTIAL)
    return None


def _greeted(client: bytes, server: bytes, *, turned: bool) -> Dissected | None:
    line_end = server.find(b"\n", 0, MAX_LINE)
    info_end = line_end + 1 if line_end >= 0 else len(server)
    info = server[:info_end]
    if b'"server_id"' not in info or _keys(info, INFO_KEYS) < 2:
        return None
    follows = client or server[info_end:]
    if follows.startswith(HANDSHAKE) or (not follows and TLS_OFFERED.search(info)):
        return Dissected(SERVICE, PAYLOAD, (), (info_end, 0) if turned else (0, info_end), SERVICE)
    return Dissected(SERVICE, PAYLOAD)


def _keys(octets: bytes, keys: tuple[bytes, ...]) -> int:
    line = octets[:MAX_LINE].partition(b"\n")[0]
    return sum(key in line for key in keys)
