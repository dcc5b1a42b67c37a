"""Niagara Fox (building control), by the hello that opens it (nmap fox-info, Tridium Niagara Framework)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "fox"
FRAME = re.compile(rb"fox [a-z] -?\d{1,9} -?\d{1,9} fox [a-z]{1,16}\n\{")


def dissect(talk: Conversation) -> Dissected | None:
    """Service fox where each side that spoke opens with a frame."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, FRAME.match, alone=PAYLOAD) else None
