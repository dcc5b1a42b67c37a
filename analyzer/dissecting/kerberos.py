"""Kerberos 5 by the DER of its messages: application tag, version and message type (RFC 4120 section 5)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting import ber
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "kerberos"
TYPES = frozenset({10, 11, 12, 13, 14, 15, 20, 21, 22, 30})
APPLICATION = 0x60
SEQUENCE = 0x30
VERSION = b"\x02\x01\x05"


def dissect(talk: Conversation) -> Dissected | None:
    """Service kerberos where each side that spoke opens with a message; over TCP behind its length (section 7.2.2)."""
    fits = is_framed if talk.proto == TCP else is_message
    return Dissected(SERVICE, PAYLOAD) if agree(talk, fits, alone=PAYLOAD) else None


def is_framed(octets: bytes) -> bool:
    """Whether a stream opens with the length of a message, and the message."""
    if octets[:2] != b"\0\0" or not is_message(octets[4:]):
        return False
    message = ber.read(octets, 4)
    return message is not None and message.end == 4 + int.from_bytes(octets[:4], "big")


def is_message(octets: bytes) -> bool:
    """Whether octets open with a message: the number in its tag is the number of its type, the version is 5."""
    message = ber.read(octets) if octets[:1] > b"\x60" else None
    if message is None or message.tag & 0xE0 != APPLICATION or message.tag & 0x1F not in TYPES:
        return False
    sequence = ber.read(octets, message.begin)
    if sequence is None or sequence.tag != SEQUENCE or sequence.end != message.end:
        return False
    fields = octets[sequence.begin : sequence.begin + 10]
    first = 0xA1 if fields[:1] == b"\xa1" else 0xA0  # requests number their fields from 1, all else from 0
    kind = bytes([first + 1, 3, 2, 1, message.tag & 0x1F])
    return fields == bytes([first, 3]) + VERSION + kind
