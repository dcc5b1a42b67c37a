"""Radmin 3, by packets whose check sum is right (nmap-service-probes, "Radmin": greeting and answer; not published)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import Dissected
from analyzer.dissecting.turns import agree

SERVICE = "radmin"
HEADER = 9  # 1, length of the data (4), its check sum (4), big-endian
MAX_LENGTH = 4096


def dissect(talk: Conversation) -> Dissected | None:
    """Service radmin: payload by both directions, partial by one."""
    certainty = agree(talk, is_packet)
    return Dissected(SERVICE, certainty) if certainty else None


def is_packet(octets: bytes) -> bool:
    """Whether a stream opens with a packet: the sum of its data as little-endian words stands in its header."""
    if octets[:1] != b"\x01" or len(octets) <= HEADER:
        return False
    length, check_sum = (int.from_bytes(octets[at : at + 4], "big") for at in (1, 5))
    data = octets[HEADER : HEADER + length]
    if not 0 < length <= MAX_LENGTH or len(data) < length or not any(data):
        return False
    words = (int.from_bytes(data[at : at + 4], "little") for at in range(0, length, 4))
    return sum(words) & 0xFFFFFFFF == check_sum
