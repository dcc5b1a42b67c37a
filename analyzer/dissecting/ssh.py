"""SSH by the identification string that each side sends first (RFC 4253 section 4.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "ssh"
BANNERS = (b"SSH-2.0-", b"SSH-1.99-", b"SSH-1.5-")


def dissect(talk: Conversation) -> Dissected | None:
    """Service ssh where either side opens with an identification string."""
    if talk.orig.octets.startswith(BANNERS) or talk.resp.octets.startswith(BANNERS):
        return Dissected(SERVICE, PAYLOAD)
    return None
