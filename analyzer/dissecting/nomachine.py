"""NoMachine's NX, by the version that each side says first (NoMachine, NX protocol over TCP 4000)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "nomachine"
VERSION = re.compile(rb"NX(?:SH|D)-\d{1,3}\.\d{1,3}\.\d{1,3}\r?\n")


def dissect(talk: Conversation) -> Dissected | None:
    """Service nomachine where each side that spoke opens with a version."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, VERSION.match, alone=PAYLOAD) else None
