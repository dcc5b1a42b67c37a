"""HTTP/2 without TLS, by the client's connection preface (RFC 9113 section 3.4)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "http2"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def dissect(talk: Conversation) -> Dissected | None:
    """Service http2 where the originator opens with the preface."""
    if talk.orig.octets.startswith(PREFACE):
        return Dissected(SERVICE, PAYLOAD)
    return None
