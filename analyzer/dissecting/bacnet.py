"""BACnet/IP by the headers of its virtual link and of the network layer in it (ASHRAE 135 annex J.2, clause 6.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "bacnet"
LINK = 0x81
FUNCTIONS = range(0x0D)
NETWORK_AT = {0x04: 10, 0x09: 4, 0x0A: 4, 0x0B: 4}  # forwarded (behind its sender), to distribute, unicast, broadcast
NETWORK_VERSION = 1


def dissect(talk: Conversation) -> Dissected | None:
    """Service bacnet where the first datagram has the type, a known function, its own length and what that carries."""
    if not talk.messages:
        return None
    octets = talk.messages[0].octets
    if len(octets) < 4 or octets[0] != LINK or octets[1] not in FUNCTIONS:
        return None
    at = NETWORK_AT.get(octets[1])
    carries = at is None or (len(octets) > at + 1 and octets[at] == NETWORK_VERSION and octets[at + 1] & 0x50 == 0)
    whole = int.from_bytes(octets[2:4], "big") == len(octets)
    return Dissected(SERVICE, PAYLOAD) if whole and carries else None
