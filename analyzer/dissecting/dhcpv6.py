"""DHCPv6 over UDP 546 and 547, by messages whose options fill them (RFC 8415 sections 8, 9 and 21.1)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "dhcpv6"
PORTS = frozenset({546, 547})
HEADER, RELAY_HEADER = 4, 34  # type and transaction; type, hops and two addresses
RELAYED = frozenset({12, 13})
TYPES = range(1, 37)
MAX_OPTIONS = 64


def dissect(talk: Conversation) -> Dissected | None:
    """Service dhcpv6 where what was sent on its ports are messages."""
    if not PORTS & {talk.orig_p, talk.resp_p}:
        return None
    return Dissected(SERVICE, PAYLOAD) if agree(talk, is_message, alone=PAYLOAD) else None


def is_message(octets: bytes) -> bool:
    """Whether a datagram has a known type, and options to its end."""
    if len(octets) < HEADER or octets[0] not in TYPES:
        return False
    at = RELAY_HEADER if octets[0] in RELAYED else HEADER
    for _ in range(MAX_OPTIONS):
        if at >= len(octets):
            break
        at += 4 + int.from_bytes(octets[at + 2 : at + 4], "big")
    return at == len(octets)
