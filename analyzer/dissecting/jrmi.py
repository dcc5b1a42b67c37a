"""Java RMI by the header that a client opens with (Oracle, Java RMI specification, section 10.2)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "java-rmi"
HEADER = re.compile(rb"JRMI\x00[\x01\x02][\x4b-\x4d]")  # version 2 (1 at first); stream, single operation, multiplex


def dissect(talk: Conversation) -> Dissected | None:
    """Service java-rmi where either side opens with the header."""
    return Dissected(SERVICE, PAYLOAD) if HEADER.match(talk.orig.octets) or HEADER.match(talk.resp.octets) else None
