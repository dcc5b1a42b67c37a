"""MongoDB by requests that answers refer to (MongoDB manual, "MongoDB Wire Protocol")."""

from __future__ import annotations

import struct

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "mongodb"
HEADER = struct.Struct("<IIII")  # length of all, id, id that is answered, operation
REPLY, QUERY, MESSAGE = 1, 2004, 2013
REQUESTS = frozenset({2001, 2002, QUERY, 2005, 2006, 2007, 2010, 2012, MESSAGE})
ANSWERS = frozenset({REPLY, 2011, 2012, MESSAGE})
MAX_LENGTH = 48_000_000
COMMANDS = b".$cmd\x00"  # the collection that commands are put to


def dissect(talk: Conversation) -> Dissected | None:
    """Service mongodb: payload by a request and its answer, or a command; partial by one direction else."""
    certainty = agree(talk, is_request, is_answer)
    if not certainty:
        return None
    orig, resp = talk.orig.octets, talk.resp.octets
    if certainty == PAYLOAD and orig[4:8] not in resp[:12] and resp[4:8] not in orig[:12]:
        return Dissected(SERVICE, PARTIAL)
    commands = any(COMMANDS in side[20:84] for side in (orig, resp))
    return Dissected(SERVICE, PAYLOAD if commands else certainty)


def is_request(octets: bytes) -> bool:
    """Whether a stream opens with the header of a request, which answers nothing."""
    if len(octets) < HEADER.size + 5:
        return False
    length, _, answered, operation = HEADER.unpack_from(octets)
    return operation in REQUESTS and HEADER.size < length < MAX_LENGTH and answered == 0 and _has_flags(octets)


def is_answer(octets: bytes) -> bool:
    """Whether a stream opens with the header of an answer."""
    if len(octets) < HEADER.size + 5:
        return False
    length, _, _, operation = HEADER.unpack_from(octets)
    return operation in ANSWERS and HEADER.size < length < MAX_LENGTH and _has_flags(octets)


def _has_flags(octets: bytes) -> bool:
    """Whether an OP_MSG has flags and a kind of section that exist, an OP_REPLY flags; of others nothing is looked at.

    Without its flags, the greeting of a MySQL server to its first connection may look like an OP_REPLY.
    """
    operation = int.from_bytes(octets[12:16], "little")
    if operation == REPLY:
        return octets[16] < 16 and not any(octets[17:20])
    if operation != MESSAGE:
        return True
    return octets[16] < 4 and octets[17] == octets[19] == 0 and octets[18] <= 1 and octets[20] <= 1
