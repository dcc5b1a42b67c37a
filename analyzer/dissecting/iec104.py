"""IEC 60870-5-104 by its APDUs, which follow each other without a gap (IEC 60870-5-104:2006, section 5)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "iec104"
PORT = 2404
START = 0x68
MAX_APDUS = 16
UNNUMBERED = frozenset({0x07, 0x0B, 0x13, 0x23, 0x43, 0x83})  # start, stop and test of data transfer, each confirmed
CAUSES = range(1, 48)  # IEC 60870-5-101 section 7.2.3


def dissect(talk: Conversation) -> Dissected | None:
    """Service iec104: payload where both directions are APDUs, or one is two or more; a single one is partial."""
    octets = talk.orig.octets or talk.resp.octets
    if octets[:1] != b"\x68":
        return None
    counts = [count_apdus(side) for side in (talk.orig.octets, talk.resp.octets) if side]
    if not all(counts):
        return None
    return Dissected(SERVICE, PAYLOAD if sum(counts) > 1 or PORT in {talk.orig_p, talk.resp_p} else PARTIAL)


def count_apdus(octets: bytes) -> int:
    """How many APDUs a stream opens with; 0 where it holds anything else, but for a cut last one."""
    count = at = 0
    while len(octets) - at >= 6 and count < MAX_APDUS:
        length = octets[at + 1]
        if octets[at] != START or length < 4 or not _is_apdu(octets[at + 2 : at + 2 + length], length):
            return 0
        count += 1
        at += 2 + length
    return count if octets[at : at + 1] in {b"", b"\x68"} else 0


def _is_apdu(body: bytes, length: int) -> bool:
    control = body[0]
    if control & 3 == 3:
        return length == 4 and control in UNNUMBERED and body[1:4] == b"\0\0\0"
    if control & 1:
        return length == 4 and body[:2] == b"\x01\0" and not body[2] & 1
    if not 10 <= length <= 253 or body[2] & 1:
        return False  # type, qualifier, cause (2), common address (2), then at least one object
    kind, many, cause = (*body[4:7], 0, 0, 0)[:3]
    return len(body) < 10 or (0 < kind < 128 and many & 0x7F != 0 and cause & 0x3F in CAUSES)
