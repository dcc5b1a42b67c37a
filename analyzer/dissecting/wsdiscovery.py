"""WS-Discovery (printers, ONVIF cameras) by the namespace of its SOAP messages over UDP (OASIS WS-Discovery 1.1)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "ws-discovery"
NAMESPACES = (
    b"http://schemas.xmlsoap.org/ws/2005/04/discovery",
    b"http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01",
)


def dissect(talk: Conversation) -> Dissected | None:
    """Service ws-discovery by a first datagram that is XML and speaks of its namespace."""
    if not talk.messages or not talk.messages[0].octets.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<"):
        return None
    octets = talk.messages[0].octets
    return Dissected(SERVICE, PAYLOAD) if any(name in octets for name in NAMESPACES) else None
