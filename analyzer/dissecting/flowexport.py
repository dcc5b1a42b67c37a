"""Flow records that network devices export: NetFlow 5 and 9, IPFIX, sFlow (RFC 3954, RFC 7011 section 3.1, sFlow 5)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "netflow"
IPFIX, SFLOW = "ipfix", "sflow"
OLDEST, YOUNGEST = 800_000_000, 4_000_000_000  # s since 1970 of a credible export
SET_HEADER = 4
V5_HEADER, V5_RECORD = 24, 48
V9_HEADER, IPFIX_HEADER = 20, 16
SFLOW_PORT = 6343


def dissect(talk: Conversation) -> Dissected | None:
    """Service netflow, ipfix or sflow by a first datagram whose parts fill it."""
    octets = talk.messages[0].octets if talk.messages else b""
    if len(octets) < IPFIX_HEADER:
        return None
    version = int.from_bytes(octets[:2], "big")
    if version == 10 and int.from_bytes(octets[2:4], "big") == len(octets) and _is_time(octets[4:8]):
        return Dissected(IPFIX, PAYLOAD) if _has_sets(octets, IPFIX_HEADER) else None
    if version == 9 and _is_time(octets[8:12]):
        return Dissected(SERVICE, PAYLOAD) if _has_sets(octets, V9_HEADER) else None
    if version == 5 and _is_time(octets[8:12]):
        whole = V5_HEADER + V5_RECORD * int.from_bytes(octets[2:4], "big")
        return Dissected(SERVICE, PAYLOAD) if whole == len(octets) > V5_HEADER else None
    if SFLOW_PORT in {talk.orig_p, talk.resp_p} and octets[:7] == b"\0\0\0\x05\0\0\0" and octets[7] in {1, 2}:
        return Dissected(SFLOW, PAYLOAD)
    return None


def _is_time(octets: bytes) -> bool:
    return OLDEST < int.from_bytes(octets, "big") < YOUNGEST


def _has_sets(octets: bytes, at: int) -> bool:
    """Whether sets with a permitted id fill the datagram."""
    count = 0
    while at + SET_HEADER <= len(octets):
        number, length = (int.from_bytes(octets[k : k + 2], "big") for k in (at, at + 2))
        if length < SET_HEADER or (3 < number < 256):
            return False
        at += length
        count += 1
    return at == len(octets) and count > 0
