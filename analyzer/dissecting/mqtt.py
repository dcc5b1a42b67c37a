"""MQTT by the client's CONNECT packet (MQTT 3.1.1 and 5.0, section 3.1), or by packets of a session under way."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "mqtt"
PORT = 1883
# Packet type 1, remaining length of one to four octets, then the protocol's name and its level.
CONNECT = re.compile(rb"\x10[\x80-\xff]{0,3}[\x00-\x7f](?:\x00\x04MQTT[\x04\x05]|\x00\x06MQIsdp\x03)", re.DOTALL)
MAX_PACKETS = 8
# Flags that each type of packet must have (section 2.2.2); PUBLISH (3) has flags of its own.
FLAGS = {1: 0, 2: 0, 4: 0, 5: 0, 6: 2, 7: 0, 8: 2, 9: 0, 10: 2, 11: 0, 12: 0, 13: 0, 14: 0, 15: 0}
PUBLISH = 3
FIXED = {12: 0, 13: 0}  # lengths that a type has in every version


def dissect(talk: Conversation) -> Dissected | None:
    """Service mqtt: payload by a CONNECT; partial by packets, off its port by several of both directions.

    Credentials are not kept.
    """
    if CONNECT.match(talk.orig.octets) or CONNECT.match(talk.resp.octets):
        return Dissected(SERVICE, PAYLOAD)
    least = 1 if PORT in {talk.orig_p, talk.resp_p} else 2
    certainty = agree(talk, lambda octets: count_packets(octets) >= least)
    return Dissected(SERVICE, PARTIAL) if certainty == PAYLOAD or (certainty and least == 1) else None


def count_packets(octets: bytes) -> int:
    """How many packets a stream opens with; 0 where one has not the flags of its type, or is not whole."""
    count = at = 0
    while at < len(octets) and count < MAX_PACKETS:
        kind, flags = octets[at] >> 4, octets[at] & 15
        wrong = flags >> 1 & 3 == 3 if kind == PUBLISH else FLAGS.get(kind) != flags
        length, at = _remaining(octets, at + 1)
        if wrong or length != FIXED.get(kind, length) or not 0 <= length <= len(octets) - at:
            return 0
        if kind == PUBLISH and not 2 <= 2 + int.from_bytes(octets[at : at + 2], "big") <= length:
            return 0
        at += length
        count += 1
    return count


def _remaining(octets: bytes, at: int) -> tuple[int, int]:
    """The remaining length and the offset behind it, -1 where it is cut or too long (section 2.2.3)."""
    value = 0
    for place, octet in enumerate(octets[at : at + 4]):
        value |= (octet & 0x7F) << 7 * place
        if octet < 0x80:
            return value, at + place + 1
    return -1, at
