"""Redis, by commands as arrays and answers of its kinds (redis.io, "Redis serialization protocol specification")."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "redis"
COMMAND = re.compile(rb"\*[1-9]\d{0,6}\r\n\$(\d{1,2})\r\n([A-Za-z][A-Za-z._-]{1,31})\r\n")
ANSWER = re.compile(
    rb"(?:\+[\x20-\x7e]{1,512}|-[A-Z]{2,32} [\x20-\x7e]{0,512}|:-?\d{1,19}|\$-?\d{1,9}|[*%~]-?\d{1,9}|_)\r\n"
)


def dissect(talk: Conversation) -> Dissected | None:
    """Service redis: payload by a command and an answer, partial by commands alone."""
    certainty = agree(talk, is_command, ANSWER.match)
    asked = is_command(talk.orig.octets) or is_command(talk.resp.octets)
    return Dissected(SERVICE, certainty or PARTIAL) if certainty and asked else None


def is_command(octets: bytes) -> bool:
    """Whether a stream opens with a command whose length is the one that it tells."""
    command = COMMAND.match(octets)
    return command is not None and len(command[2]) == int(command[1])
