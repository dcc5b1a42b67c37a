"""IRC by a client that gives a nick and a user, or a server's numbered replies (RFC 2812 sections 2.3 and 3.1)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "irc"
CLIENT = re.compile(
    rb"(?:(?:CAP|PASS|NICK|PROTOCTL) [^\r\n]{1,400}\r?\n){0,4}"
    rb"(?:NICK [^\r\n]{1,64}\r?\n|USER \S{1,64} \S{1,64} \S{1,64} :)"
)
USER = re.compile(rb"USER \S{1,64} \S{1,64} \S{1,64} :|CAP (?:LS|REQ)")
SERVER = re.compile(rb":[\w.-]{3,255} (?:NOTICE|\d{3}|CAP|433) [^\r\n]{1,64}")


def dissect(talk: Conversation) -> Dissected | None:
    """Service irc: payload by both directions, partial by one; what stands behind PASS is not kept."""
    for client, server in ((talk.orig.octets, talk.resp.octets), (talk.resp.octets, talk.orig.octets)):
        asked = CLIENT.match(client) and USER.search(client, 0, 1024)
        answered = SERVER.match(server)
        if asked and answered:
            return Dissected(SERVICE, PAYLOAD)
        if (asked and not server) or (answered and not client):
            return Dissected(SERVICE, PARTIAL)
    return None
