"""DCE/RPC over TCP and UDP, and PROFINET's context manager by its interfaces (C706 chapter 12; IEC 61158-6-10)."""

from __future__ import annotations

from typing import Literal

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "dcerpc"
PROFINET = "profinet-cm"

HEADER = 16  # connection oriented: version 5.0/5.1, type, flags, representation (4), length, length of auth, call id
DATAGRAM = 80  # connectionless: version 4, type, flags (2), representation (3), ..., object, interface, activity
TYPES = frozenset({0, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19})  # request to orphaned
DATAGRAM_TYPES = range(11)
INTERFACE_AT = 24
# DEA0000n-6C97-11D1-8271-00A02442DF7D: device, controller, supervisor, parameter server (IEC 61158-6-10).
PROFINET_TAIL = b"\x82\x71\x00\xa0\x24\x42\xdf\x7d"


def dissect(talk: Conversation) -> Dissected | None:
    """Service dcerpc: payload by both directions or a bind, partial by one; profinet-cm by its interface."""
    if talk.proto == TCP:
        certainty = agree(talk, is_message)
        opens = any(side[2:3] in {b"\x0b", b"\x0c"} for side in (talk.orig.octets, talk.resp.octets))
        return Dissected(SERVICE, PAYLOAD if opens else certainty) if certainty else None
    certainty = agree(talk, is_datagram, alone=PAYLOAD)
    if not certainty:
        return None
    octets = talk.messages[0].octets
    if octets[INTERFACE_AT + 8 : INTERFACE_AT + 16] == PROFINET_TAIL:
        return Dissected(PROFINET, PAYLOAD)
    return Dissected(SERVICE, certainty)


def is_message(octets: bytes) -> bool:
    """Whether a stream opens with a connection-oriented PDU, and where that ends goes on with another."""
    if octets[:1] != b"\x05" or len(octets) < HEADER or octets[1] > 1 or octets[2] not in TYPES:
        return False
    if octets[4] not in {0x00, 0x10} or octets[5] > 3 or octets[6:8] != b"\0\0":
        return False
    order = _order(octets[4])
    length, secured = (int.from_bytes(octets[at : at + 2], order) for at in (8, 10))
    after = octets[length : length + 2]
    return length >= HEADER and secured < length and (not after or after[0] == 5)


def is_datagram(octets: bytes) -> bool:
    """Whether a datagram is a connectionless PDU whose body has the length that its header tells."""
    if octets[:1] != b"\x04" or len(octets) < DATAGRAM or octets[1] not in DATAGRAM_TYPES:
        return False
    if octets[4] not in {0x00, 0x10} or octets[5] > 3 or octets[6]:
        return False
    length = int.from_bytes(octets[74:76], _order(octets[4]))
    return length == len(octets) - DATAGRAM or (octets[3] == 0 and 0 < length < len(octets) - DATAGRAM)


def _order(representation: int) -> Literal["little", "big"]:
    return "little" if representation else "big"
