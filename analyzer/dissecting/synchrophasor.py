"""Synchrophasor frames over TCP and UDP, by their check sum (IEEE C37.118.2-2011, section 6.2)."""

from __future__ import annotations

import binascii

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "synchrophasor"
LEAST = 16  # sync (2), length (2), id (2), second (4), fraction (4), check sum (2)
TYPES = range(6)  # data, header, configuration 1 and 2, command, configuration 3
VERSIONS = (1, 2)


def dissect(talk: Conversation) -> Dissected | None:
    """Service synchrophasor where each side that spoke opens with a whole frame of the right check sum."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_frame, alone=PAYLOAD) else None


def is_frame(octets: bytes) -> bool:
    """Whether octets open with a frame: sync, kind and version, a length, and CRC-CCITT over all before it."""
    if octets[:1] != b"\xaa" or len(octets) < LEAST:
        return False
    if octets[1] >> 4 not in TYPES or octets[1] & 15 not in VERSIONS:
        return False
    length = int.from_bytes(octets[2:4], "big")
    if not LEAST <= length <= len(octets):
        return False
    return binascii.crc_hqx(octets[: length - 2], 0xFFFF) == int.from_bytes(octets[length - 2 : length], "big")
