"""Multicast DNS and LLMNR: DNS messages on ports of their own (RFC 6762, RFC 4795)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, UDP, Dissected

SERVICE = "mdns"
PROTOS: tuple[int, ...] = (UDP,)
SERVICES = {5353: SERVICE, 5355: "llmnr"}
HEADER = 12
MAX_RECORDS = 512


def dissect(talk: Conversation) -> Dissected | None:
    """Service mdns or llmnr where the first datagram on the port has the header of a DNS message."""
    service = SERVICES.get(talk.resp_p) or SERVICES.get(talk.orig_p)
    if not service or not talk.messages:
        return None
    octets = talk.messages[0].octets
    counts = [int.from_bytes(octets[at : at + 2], "big") for at in range(4, HEADER, 2)]
    opcode = octets[2] >> 3 & 15 if len(octets) > HEADER else -1
    return Dissected(service, PAYLOAD) if opcode == 0 and any(counts) and max(counts) < MAX_RECORDS else None
