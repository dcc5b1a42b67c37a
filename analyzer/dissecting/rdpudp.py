"""RDP over UDP, by the datagrams that open its connection ([MS-RDPEUDP] sections 2.2.1 and 3.1.5.1)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "rdp-udp"
HEADER = 8  # acknowledged sequence number (4), receive window (2), flags (2), big-endian
NOTHING_ACKNOWLEDGED = b"\xff\xff\xff\xff"
SYN, ACK = 0x0001, 0x0004
OPENING_FLAGS = 0x1A05  # SYN, ACK, lossy, correlation id, extended
MTUS = range(1132, 1233)  # section 2.2.2.5: what either side may offer to send and take


def dissect(talk: Conversation) -> Dissected | None:
    """Service rdp-udp by the SYN of the first datagram, or its answer."""
    if not talk.messages or len(talk.messages[0].octets) < 1132:
        return None  # an opening datagram is padded (section 3.1.5.1.1)
    return Dissected(SERVICE, PAYLOAD) if is_opening(talk.messages[0].octets) else None


def is_opening(octets: bytes) -> bool:
    """Whether a datagram is a SYN that acknowledges nothing or the other's, with two lengths that may be offered."""
    flags = int.from_bytes(octets[6:8], "big")
    if not flags & SYN or flags & ~OPENING_FLAGS or (not flags & ACK and octets[:4] != NOTHING_ACKNOWLEDGED):
        return False
    up, down = (int.from_bytes(octets[at : at + 2], "big") for at in (HEADER + 4, HEADER + 6))
    return up in MTUS and down in MTUS
