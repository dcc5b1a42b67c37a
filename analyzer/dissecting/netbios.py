"""NetBIOS over UDP: the name service on 137 and the datagram service on 138 (RFC 1002 sections 4.2 and 4.4)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "netbios-ns"
DATAGRAM = "netbios-dgm"
NAME = re.compile(rb".{12}\x20[A-P]{32}", re.DOTALL)  # section 4.1: a name of 16 octets, each as two letters
TYPES = range(0x10, 0x17)


def dissect(talk: Conversation) -> Dissected | None:
    """Service netbios-ns or netbios-dgm by the first datagram on the port."""
    if not talk.messages or not {137, 138} & {talk.orig_p, talk.resp_p}:
        return None
    octets = talk.messages[0].octets
    if 137 in {talk.orig_p, talk.resp_p}:
        return Dissected(SERVICE, PAYLOAD) if NAME.match(octets) else None
    return Dissected(DATAGRAM, PAYLOAD) if len(octets) > 10 and octets[0] in TYPES and octets[1] < 16 else None
