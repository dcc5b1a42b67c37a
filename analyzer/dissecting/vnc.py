"""VNC, the remote framebuffer protocol, by the version that each side says first (RFC 6143 section 7.1.1)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "vnc"
VERSION = re.compile(rb"RFB \d{3}\.\d{3}\n")


def dissect(talk: Conversation) -> Dissected | None:
    """Service vnc where each side that spoke opens with a version."""
    return Dissected(SERVICE, PAYLOAD) if agree(talk, VERSION.match, alone=PAYLOAD) else None
