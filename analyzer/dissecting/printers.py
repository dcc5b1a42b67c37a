"""Raw printing by what opens a job: PJL, PostScript or PCL (HP, "PJL Technical Reference", section "UEL")."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "pdl-datastream"
EXIT = b"\x1b%-12345X"  # universal exit language, before any PJL
OPENINGS = (EXIT + b"@PJL", EXIT + b"%!PS", EXIT + b"\x1bE", b"%!PS-Adobe-", b"@PJL ")


def dissect(talk: Conversation) -> Dissected | None:
    """Service pdl-datastream where the originator opens with a job."""
    return Dissected(SERVICE, PAYLOAD) if talk.orig.octets.startswith(OPENINGS) else None
