"""SSDP: searches and announcements that look like HTTP, over UDP 1900 (UPnP Device Architecture 2.0 section 1)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "ssdp"
SEARCHES = (b"M-SEARCH * HTTP/1.1\r\n", b"NOTIFY * HTTP/1.1\r\n")
ANSWER = b"HTTP/1.1 200 OK\r\n"


def dissect(talk: Conversation) -> Dissected | None:
    """Service ssdp by a search or announcement on any port, or by the answer that names a service."""
    if not talk.messages:
        return None
    octets = talk.messages[0].octets
    answered = octets.startswith(ANSWER) and b"\r\nst:" in octets.lower() and b"\r\nusn:" in octets.lower()
    return Dissected(SERVICE, PAYLOAD) if answered or octets.startswith(SEARCHES) else None
