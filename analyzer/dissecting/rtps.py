"""RTPS, the wire protocol of DDS (robots), by its header and first submessage (OMG DDSI-RTPS 2.5, section 8.3)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "rtps"
HEADER = 20  # "RTPS", version (2), vendor (2), prefix of the participant's id (12)
PING = b"NDDSPING"  # what some participants send alone, in place of the prefix


def dissect(talk: Conversation) -> Dissected | None:
    """Service rtps where each side that spoke opens with the header of version 1 or 2 and a submessage that fits."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_message, alone=PAYLOAD) else None


def is_message(octets: bytes) -> bool:
    """Whether octets open with an RTPS header and a submessage of the standard or of a vendor, or are a ping."""
    if not octets.startswith((b"RTPS\x01", b"RTPS\x02")) or len(octets) < HEADER - 4 or octets[5] >= 16:
        return False
    return octets[8:] == PING or (len(octets) >= HEADER + 4 and octets[HEADER] > 0)
