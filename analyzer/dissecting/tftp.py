"""TFTP by its requests, and by blocks that are acknowledged (RFC 1350 section 5, RFC 2347)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import firsts

SERVICE = "tftp"
REQUEST = re.compile(
    rb"\x00[\x01\x02][\x20-\x7e\x80-\xff]{1,255}\x00(?i:netascii|octet|mail)\x00"
    rb"(?:[\x21-\x7e]{1,32}\x00[\x20-\x7e]{0,32}\x00){0,8}"
)
ERROR = re.compile(rb"\x00\x05\x00[\x00-\x08][\x20-\x7e\r\n]{0,255}\x00")
OPTIONS = re.compile(rb"\x00\x06(?:[\x21-\x7e]{1,32}\x00[\x20-\x7e]{1,32}\x00){1,8}")
FIRST_BLOCK, FIRST_ACK, ZEROTH_ACK = b"\x00\x03\x00\x01", b"\x00\x04\x00\x01", b"\x00\x04\x00\x00"


def dissect(talk: Conversation) -> Dissected | None:
    """Service tftp: payload by a request, or a first block and its acknowledgement; partial by an error alone.

    A transfer goes on from another port than the request's, so that its flow shows blocks only.
    """
    if not talk.messages or talk.messages[0].octets[:1] != b"\0":
        return None
    orig, resp = firsts(talk)
    if any(REQUEST.fullmatch(octets) for octets in (*orig[:1], *resp[:1])):
        return Dissected(SERVICE, PAYLOAD)
    for one, other in ((orig, resp), (resp, orig)):
        if not one or not other:
            continue
        acknowledged = one[0].startswith(FIRST_BLOCK) and other[0] == FIRST_ACK
        begun = one[0] == ZEROTH_ACK and other[0].startswith(FIRST_BLOCK)
        if acknowledged or begun or (OPTIONS.fullmatch(one[0]) and other[0][:3] in {b"\0\3\0", b"\0\4\0"}):
            return Dissected(SERVICE, PAYLOAD)
    alone = [octets for octets in (*orig, *resp) if ERROR.fullmatch(octets)]
    return Dissected(SERVICE, PARTIAL) if alone and len(alone) == len(orig) + len(resp) else None
