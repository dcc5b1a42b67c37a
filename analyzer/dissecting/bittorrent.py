"""BitTorrent by its handshake, and the messages of its distributed table (BEP 3, BEP 5)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "bittorrent"
HANDSHAKE = b"\x13BitTorrent protocol"
TABLE = re.compile(rb"d(?:1:ad2:id20:|1:rd2:id20:|1:eli20[0-4]e|2:ip[46]:|1:md)")  # a query, a reply, an error
KIND = re.compile(rb"1:y1:[qre]")


def dissect(talk: Conversation) -> Dissected | None:
    """Service bittorrent where each side that spoke opens with the handshake, or sends messages of the table."""
    fits = is_handshake if talk.proto == TCP else is_table
    return Dissected(SERVICE, PAYLOAD) if agree(talk, fits, alone=PAYLOAD) else None


def is_handshake(octets: bytes) -> bool:
    """Whether a stream opens with the handshake."""
    return octets.startswith(HANDSHAKE)


def is_table(octets: bytes) -> bool:
    """Whether a datagram is a bencoded dictionary of a query, reply or error."""
    return TABLE.match(octets) is not None and octets.endswith(b"e") and KIND.search(octets) is not None
