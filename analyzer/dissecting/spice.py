"""SPICE (screens of virtual machines), by the message that opens a link (spice-protocol, "Link message")."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "spice"
HEADER = 16  # "REDQ", major version (4), minor version (4), length of what follows (4), little-endian
MAX_LENGTH = 4096


def dissect(talk: Conversation) -> Dissected | None:
    """Service spice where each side that spoke opens with a link message."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_link, alone=PAYLOAD) else None


def is_link(octets: bytes) -> bool:
    """Whether a stream opens with a link message of version 1 or 2."""
    if not octets.startswith(b"REDQ") or len(octets) < HEADER:
        return False
    major, _, length = (int.from_bytes(octets[at : at + 4], "little") for at in (4, 8, 12))
    return major in {1, 2} and 18 <= length <= MAX_LENGTH
