"""KNXnet/IP over UDP and TCP, by the header of its frames (ISO 22510, KNX specification 3/8/2 section 2.3)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "knxnet-ip"
HEADER = b"\x06\x10"  # six octets, version 1.0
FAMILIES = frozenset({0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09})  # core to secure wrapper


def dissect(talk: Conversation) -> Dissected | None:
    """Service knxnet-ip where each side that spoke sent frames with a known family of services and their own length."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_frame, alone=PAYLOAD) else None


def is_frame(octets: bytes) -> bool:
    """Whether octets are frames: header, service, length of all, and another one where that ends."""
    if not octets.startswith(HEADER) or len(octets) < 8 or octets[2] not in FAMILIES:
        return False
    length = int.from_bytes(octets[4:6], "big")
    return 8 <= length <= len(octets) and HEADER.startswith(octets[length : length + 2])
