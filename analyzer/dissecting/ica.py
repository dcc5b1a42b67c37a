"""Citrix ICA, by the mark that the server sends first and the client repeats (nmap-service-probes, "citrix-ica")."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "ica"
MARK = b"\x7f\x7fICA\x00"


def dissect(talk: Conversation) -> Dissected | None:
    """Service ica where each side that spoke opens with the mark."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, lambda octets: octets.startswith(MARK), alone=PAYLOAD) else None
