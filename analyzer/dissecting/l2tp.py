"""L2TP and PPTP by the messages that control them (RFC 2661 sections 3.1 and 4.1, RFC 2637 section 2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, TCP, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "l2tp"
PPTP = "pptp"
CONTROL = 12  # flags and version (2), length (2), tunnel (2), session (2), Ns (2), Nr (2)
TYPE = 8  # an AVP: flags and length (2), vendor 0 (2), attribute 0 (2), the message type
MESSAGES = range(1, 17)
COOKIE = b"\x1a\x2b\x3c\x4d"
PPTP_MESSAGES = range(1, 16)


def dissect(talk: Conversation) -> Dissected | None:
    """Service l2tp by the first datagram being a control message; pptp where each side opens with one of its."""
    if talk.proto == TCP:
        return Dissected(PPTP, PAYLOAD) if agree(talk, is_pptp, alone=PAYLOAD) else None
    return Dissected(SERVICE, PAYLOAD) if talk.messages and is_control(talk.messages[0].octets) else None


def is_control(octets: bytes) -> bool:
    """Whether a datagram is a control message of version 2 to its last octet, its type first."""
    if octets[:2] != b"\xc8\x02" or len(octets) < CONTROL or int.from_bytes(octets[2:4], "big") != len(octets):
        return False
    first = octets[CONTROL : CONTROL + TYPE]
    if not first:
        return True  # acknowledges only (section 5.8)
    plain = first[0] & 0x3C == 0 and first[1:6] == b"\x08\0\0\0\0"
    return plain and int.from_bytes(first[6:8], "big") in MESSAGES


def is_pptp(octets: bytes) -> bool:
    """Whether a stream opens with a PPTP control message: length, type 1, the cookie, a known number."""
    if len(octets) < 12 or octets[2:8] != b"\0\x01" + COOKIE:
        return False
    length = int.from_bytes(octets[:2], "big")
    return 12 <= length <= 256 and int.from_bytes(octets[8:10], "big") in PPTP_MESSAGES
