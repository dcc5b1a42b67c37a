"""PTP over UDP 319 and 320, by messages that have the length their type must have (IEEE 1588-2019, section 13)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "ptp"
PORTS = frozenset({319, 320})
LEAST = {0: 44, 1: 44, 2: 54, 3: 54, 8: 44, 9: 54, 10: 54, 11: 64, 12: 44, 13: 48}  # octets by type of message


def dissect(talk: Conversation) -> Dissected | None:
    """Service ptp by the first datagram on one of its ports: version 2, a known type, and its own length."""
    if talk.resp_p not in PORTS or not talk.messages:
        return None
    octets = talk.messages[0].octets
    least = LEAST.get(octets[0] & 15, 0) if len(octets) >= 44 else 0
    length = int.from_bytes(octets[2:4], "big")
    fits = least and octets[1] & 15 == 2 and least <= length <= len(octets)
    return Dissected(SERVICE, PAYLOAD) if fits else None
