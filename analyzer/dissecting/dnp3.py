"""DNP3 over TCP and UDP, by the check sum of its link header (IEEE 1815-2012, section 9.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "dnp3"
HEADER = 10  # start (2), length, control, destination (2), source (2), check sum (2), little-endian
POLYNOMIAL = 0xA6BC  # section 9.2.5: 0x3D65 turned round


def dissect(talk: Conversation) -> Dissected | None:
    """Service dnp3 where what was sent, by each side that spoke, opens with a link header whose check sum is right."""
    certainty = agree(talk, is_frame, alone=PAYLOAD)
    return Dissected(SERVICE, PAYLOAD) if certainty else None


def is_frame(octets: bytes) -> bool:
    """Whether octets open with a link header: start, a length of at least five, and the right check sum."""
    if octets[:2] != b"\x05\x64" or len(octets) < HEADER or octets[2] < 5:
        return False
    return check_sum(octets[:8]) == int.from_bytes(octets[8:10], "little")


def check_sum(octets: bytes) -> int:
    """The CRC of a DNP3 header."""
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ POLYNOMIAL if crc & 1 else crc >> 1
    return crc ^ 0xFFFF
