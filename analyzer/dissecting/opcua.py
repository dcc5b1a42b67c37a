"""OPC UA binary over TCP, by the headers of its messages (OPC 10000-6 section 7.1.2)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "opcua"
HEADER = 8  # type (3), chunk (1), little-endian length of the whole message (4)
MAX_URL = 4096  # section 7.1.2.3: the endpoint's URL is shorter
MAX_LENGTH = 1 << 28
POLICY = b"http://opcfoundation.org/UA/SecurityPolicy#"
HELLO = 32  # header, version, two buffer lengths, two limits, length of the URL
ACKNOWLEDGE = 28
OPEN = HEADER + 8  # header, channel id, length of the policy's URI
SYMMETRIC = HEADER + 16  # header, channel id, token id, sequence number, request id


def dissect(talk: Conversation) -> Dissected | None:
    """Service opcua on any port.

    The messages that open a connection prove it; of one under way a MSG in both directions does, in one it is partial.
    """
    first, second = _read(talk.orig.octets), _read(talk.resp.octets)
    if PAYLOAD in {first, second} or first == second == PARTIAL:
        return Dissected(SERVICE, PAYLOAD)
    silent = not talk.orig.octets or not talk.resp.octets
    return Dissected(SERVICE, PARTIAL) if silent and PARTIAL in {first, second} else None


def _read(octets: bytes) -> str:
    """What the first message of a stream proves."""
    kind, length = octets[:4], int.from_bytes(octets[4:8], "little")
    if len(octets) < HEADER or length > MAX_LENGTH:
        return ""
    if kind in {b"MSGF", b"MSGC", b"MSGA", b"CLOF"}:
        after = octets[length : length + 4]
        known = not after or after[:3] in {b"MSG", b"CLO", b"OPN"} or len(after) < 4
        return PARTIAL if length >= SYMMETRIC and known else ""
    if kind == b"HELF":
        url = int.from_bytes(octets[28:32], "little", signed=True)
        return PAYLOAD if -1 <= url <= MAX_URL and length == HELLO + max(url, 0) else ""
    if kind == b"ACKF":
        return PAYLOAD if length == ACKNOWLEDGE else ""
    if kind == b"OPNF":
        return PAYLOAD if octets.startswith(POLICY, OPEN) else ""
    if kind == b"ERRF":
        reason = int.from_bytes(octets[12:16], "little", signed=True)
        bad = octets[11:12] == b"\x80"  # severity Bad of a status code (OPC 10000-4 section 7.39)
        return PAYLOAD if bad and length == 16 + max(reason, 0) else ""
    if kind == b"RHEF":
        return PAYLOAD if b"opc." in octets[12 : 12 + MAX_URL] else ""
    return ""
