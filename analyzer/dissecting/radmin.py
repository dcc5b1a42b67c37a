"""Radmin 3, by the greeting of its client and the server's answer (nmap-service-probes, "Radmin"; not published)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, Dissected

SERVICE = "radmin"
PROTOS: tuple[int, ...] = (TCP,)
GREETING = b"\x01\x00\x00\x00\x01\x00\x00\x00\x08\x08"  # version, length 1, check sum, one octet
ANSWER = b"\x01\x00\x00\x00\x25\x00\x00"  # version, length 37


def dissect(talk: Conversation) -> Dissected | None:
    """Service radmin: payload by the greeting and its answer, partial by the greeting alone."""
    for client, server in ((talk.orig.octets, talk.resp.octets), (talk.resp.octets, talk.orig.octets)):
        if client.startswith(GREETING):
            if server.startswith(ANSWER):
                return Dissected(SERVICE, PAYLOAD)
            return None if server else Dissected(SERVICE, PARTIAL)
    return None
