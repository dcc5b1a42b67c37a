"""BACnet/IP by the header of its virtual link layer (ASHRAE 135 annex J.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, UDP, Dissected

SERVICE = "bacnet"
PROTOS: tuple[int, ...] = (UDP,)
FUNCTIONS = range(0x0D)


def dissect(talk: Conversation) -> Dissected | None:
    """Service bacnet where the first datagram has the type, a known function and its own length."""
    if not talk.messages:
        return None
    octets = talk.messages[0].octets
    whole = len(octets) >= 4 and int.from_bytes(octets[2:4], "big") == len(octets)
    return Dissected(SERVICE, PAYLOAD) if whole and octets[0] == 0x81 and octets[1] in FUNCTIONS else None
