"""IKE over UDP 500 and 4500, and ESP in UDP (RFC 7296 section 3.1, RFC 2408 section 3.1, RFC 3948 section 2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import firsts

SERVICE = "ike"
ENCAPSULATED = "ipsec-nat-t"
NAT_PORT = 4500
HEADER = 28  # initiator's and responder's SPI (8 each), next payload, version, exchange, flags, id (4), length (4)
MARKER = bytes(4)  # what tells IKE from ESP on port 4500
KEEPALIVE = b"\xff"
EXCHANGES = {1: frozenset({1, 2, 3, 4, 5, 6, 32, 33}), 2: frozenset(range(34, 45))}
MAX_LENGTH = 65535
LEAST_FRAGMENT = 512  # of a message with certificates, that IP had to break
ESP_LEAST = 8 + 8  # SPI, sequence number, the shortest ciphertext
RESERVED_SPIS = 256  # RFC 4303 section 2.1


def dissect(talk: Conversation) -> Dissected | None:
    """Service ike by a message of it; ipsec-nat-t, partial, by ESP that counts on, or keepalives, on port 4500."""
    on_nat_port = NAT_PORT in {talk.orig_p, talk.resp_p}
    for message in talk.messages[: 4 if on_nat_port else 1]:
        octets = message.octets
        if is_message(octets) or (octets[:4] == MARKER and is_message(octets[4:])):
            return Dissected(SERVICE, PAYLOAD)
    if not on_nat_port:
        return None
    sides = firsts(talk)
    kept_alive = any(sides) and all(octets == KEEPALIVE for side in sides for octets in side)
    told = kept_alive or (all(map(_follows, sides)) and any(len(side) > 1 for side in sides))
    return Dissected(ENCAPSULATED, PARTIAL) if told else None


def is_message(octets: bytes) -> bool:
    """Whether octets are an IKE message of version 1 or 2 to its last octet, or the first fragment of one."""
    if len(octets) < HEADER or not any(octets[:8]):
        return False
    major, minor = octets[17] >> 4, octets[17] & 15
    if minor or octets[18] not in EXCHANGES.get(major, ()) or octets[19] & 0xC0:
        return False
    length = int.from_bytes(octets[24:28], "big")
    return length == len(octets) or LEAST_FRAGMENT <= len(octets) < length <= MAX_LENGTH


def _follows(messages: list[bytes]) -> bool:
    """Whether datagrams are keepalives, or ESP of few SPIs whose sequence numbers rise."""
    esp = [octets for octets in messages if octets != KEEPALIVE]
    if any(len(octets) < ESP_LEAST or int.from_bytes(octets[:4], "big") < RESERVED_SPIS for octets in esp):
        return False
    last: dict[bytes, int] = {}
    for octets in esp:
        sequence = int.from_bytes(octets[4:8], "big")
        if not last.get(octets[:4], sequence - 1) < sequence <= last.get(octets[:4], sequence) + 64:
            return False
        last[octets[:4]] = sequence
    return len(last) <= 1 + len(esp) // 2
