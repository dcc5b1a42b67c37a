"""AMQP by the header that a client opens with, or by frames (AMQP 0-9-1 section 4.2, AMQP 1.0 section 2.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "amqp"
HEADERS = (
    *(b"AMQP\x00\x00\x09\x01", b"AMQP\x01\x01\x00\x09", b"AMQP\x01\x01\x08\x00", b"AMQP\x01\x01\x00\x0a"),
    *(b"AMQP\x00\x01\x00\x00", b"AMQP\x02\x01\x00\x00", b"AMQP\x03\x01\x00\x00"),  # 1.0: plain, TLS, SASL
)
FRAME = 7  # type, channel (2), length (4), then the contents and 0xCE
TYPES = frozenset({1, 2, 3, 8})  # method, header, body, heartbeat
CLASSES = frozenset({10, 20, 30, 40, 50, 60, 85, 90})
METHOD, HEARTBEAT = 1, 8
END = b"\xce"


def dissect(talk: Conversation) -> Dissected | None:
    """Service amqp: payload where the client opens with a header or both sides send frames, partial by one side's."""
    headed = talk.orig.octets.startswith(HEADERS) or talk.resp.octets.startswith(HEADERS)
    certainty = agree(talk, _fits)
    return Dissected(SERVICE, PAYLOAD if headed else certainty) if certainty else None


def _fits(octets: bytes) -> bool:
    return octets.startswith(HEADERS) or is_frame(octets)


def is_frame(octets: bytes) -> bool:
    """Whether a stream opens with a frame of a known type and class, to its end as far as that was seen."""
    if len(octets) <= FRAME or octets[0] not in TYPES:
        return False
    length = int.from_bytes(octets[3:7], "big")
    if octets[0] == METHOD and int.from_bytes(octets[7:9], "big") not in CLASSES:
        return False
    if (octets[0] == HEARTBEAT) != (length == 0) or (octets[0] == METHOD and length < 4):
        return False
    return octets[FRAME + length : FRAME + length + 1] == END
