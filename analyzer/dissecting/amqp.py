"""AMQP by the header that a client opens with (AMQP 0-9-1 section 4.2.2, AMQP 1.0 section 2.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "amqp"
PROTOS: tuple[int, ...] = (TCP,)
HEADERS = (
    *(b"AMQP\x00\x00\x09\x01", b"AMQP\x01\x01\x00\x09", b"AMQP\x01\x01\x08\x00", b"AMQP\x01\x01\x00\x0a"),
    *(b"AMQP\x00\x01\x00\x00", b"AMQP\x02\x01\x00\x00", b"AMQP\x03\x01\x00\x00"),  # 1.0: plain, TLS, SASL
)
FRAME_START = b"\x01\x00\x00"  # 0-9-1: a method frame on channel 0; Connection.Start is class 10, method 10
START = b"\x00\x0a\x00\x0a\x00\x09"


def dissect(talk: Conversation) -> Dissected | None:
    """Service amqp where the client opens with a header, or a server without a client with Connection.Start."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, _asks, _answers, alone=PAYLOAD) else None


def _asks(octets: bytes) -> bool:
    return octets.startswith(HEADERS)


def _answers(octets: bytes) -> bool:
    return octets.startswith(HEADERS) or (octets.startswith(FRAME_START) and octets.startswith(START, 7))
