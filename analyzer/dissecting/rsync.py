"""rsync's daemon, git and Subversion by their opening (rsync csprotocol.txt, gitprotocol-pack, svn ra_svn/protocol)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected

SERVICE = "rsync"
DAEMON = re.compile(rb"@RSYNCD: \d{1,3}(?:\.\d{1,3})?[ \n]")
GIT = re.compile(rb"[0-9a-f]{4}git-(?:upload-pack|receive-pack|upload-archive) [\x21-\x7e]{1,1024}\x00")
SVN = re.compile(rb"\( success \( \d \d \( ")


def dissect(talk: Conversation) -> Dissected | None:
    """Service rsync, git or svn where either side opens so."""
    for side in (talk.orig.octets, talk.resp.octets):
        if DAEMON.match(side):
            return Dissected(SERVICE, PAYLOAD)
        if GIT.match(side):
            return Dissected("git", PAYLOAD)
        if SVN.match(side):
            return Dissected("svn", PAYLOAD)
    return None
