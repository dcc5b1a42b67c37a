"""Dropbox's search for clients on the same network, JSON over UDP 17500 (IANA port registry: db-lsp-disc)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "dropbox-lan"
PORT = 17500
KEYS = (b'"host_int"', b'"version"', b'"namespaces"', b'"displayname"', b'"port"')


def dissect(talk: Conversation) -> Dissected | None:
    """Service dropbox-lan where the first datagram on the port is an object with at least four of its keys."""
    octets = talk.messages[0].octets if talk.messages else b""
    if talk.resp_p != PORT or not octets.startswith(b"{"):
        return None
    return Dissected(SERVICE, PAYLOAD) if sum(key in octets for key in KEYS) > 3 else None
