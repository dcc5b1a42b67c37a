"""Multicast DNS and LLMNR: DNS messages on ports of their own (RFC 6762, RFC 4795)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "mdns"
SERVICES = {5353: SERVICE, 5355: "llmnr"}
HEADER = 12
MAX_RECORDS = 512
MAX_LABELS = 128
LABEL, POINTER = 0x40, 0xC0  # RFC 1035 section 4.1.4: a length below the first, a pointer from the second on


def dissect(talk: Conversation) -> Dissected | None:
    """Service mdns or llmnr where the first datagram on the port opens like a DNS message: header, then a name."""
    service = SERVICES.get(talk.resp_p) or SERVICES.get(talk.orig_p)
    if not service or not talk.messages:
        return None
    octets = talk.messages[0].octets
    counts = [int.from_bytes(octets[at : at + 2], "big") for at in range(4, HEADER, 2)]
    opcode = octets[2] >> 3 & 15 if len(octets) > HEADER else -1
    fits = opcode == 0 and any(counts) and max(counts) < MAX_RECORDS and _has_name(octets)
    return Dissected(service, PAYLOAD) if fits else None


def _has_name(octets: bytes) -> bool:
    """Whether a name stands behind the header, as far as the datagram is there."""
    at = HEADER
    for _ in range(MAX_LABELS):
        if at >= len(octets) or octets[at] == 0 or octets[at] >= POINTER:
            return True
        if octets[at] >= LABEL:
            return False
        at += 1 + octets[at]
    return False
