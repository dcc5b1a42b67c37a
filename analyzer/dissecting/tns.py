"""Oracle databases by the TNS packet that asks for a connection (Oracle Net, as packet-tns.c of Wireshark has it)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "oracle"
HEADER = 8  # length (2), check sum (2), type, flags, check sum of the header (2)
CONNECT = 1
DESCRIPTION = b"(DESCRIPTION="
LOOK = 512


def dissect(talk: Conversation) -> Dissected | None:
    """Service oracle where either side opens with a CONNECT that holds a description; names in it are not kept."""
    asks = is_connect(talk.orig.octets) or is_connect(talk.resp.octets)
    return Dissected(SERVICE, PAYLOAD) if asks else None


def is_connect(octets: bytes) -> bool:
    """Whether a stream opens with a CONNECT packet of its own length, and the description of a connection in it."""
    if len(octets) < 58 or octets[4] != CONNECT or octets[2:4] != b"\0\0" or octets[6:8] != b"\0\0":
        return False
    length, at, data_length = (int.from_bytes(octets[k : k + 2], "big") for k in (0, 26, 24))
    return 58 <= length <= 8192 and at < LOOK and data_length > 0 and DESCRIPTION in octets[at : at + LOOK].upper()
