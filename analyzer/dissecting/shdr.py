"""SHDR, what an MTConnect adapter sends to its agent: lines of time, key and value (MTConnect adapter protocol)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "shdr"
PORT = 7878
MAX_LINES = 16
MAX_LINE = 4096

DATA = re.compile(
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?:@[\d.]{1,32})?"
    rb"\|([A-Za-z_@][\w:.@-]{0,255})\|[\t\x20-\x7e\x80-\xff]*"
)
COMMAND = re.compile(rb"\* (?:PING|PONG \d{1,9}|[A-Za-z][A-Za-z0-9]{2,39}: ?[\t\x20-\x7e\x80-\xff]*)")
# A log whose columns are parted by bars looks alike: its second column is a level.
LEVELS = frozenset(b"TRACE DEBUG INFO NOTICE WARN WARNING ERROR CRITICAL FATAL".split())


def dissect(talk: Conversation) -> Dissected | None:
    """Service shdr: payload after two lines of data, or a PING with its PONG; partial by less.

    A stream that begins amid a line counts from the next one. Data comes from the machine's side; a peer that sends
    such lines to a server may be a log shipper, so that is partial.
    """
    for client, server, from_machine in (
        (talk.orig.octets, talk.resp.octets, True),
        (talk.resp.octets, talk.orig.octets, talk.orig_p == PORT),
    ):
        pinged = client.startswith(b"* PING")
        if client and not pinged:
            continue
        data, ponged = read_lines(server)
        if (data > 1 and from_machine) or (pinged and (ponged or data)):
            return Dissected(SERVICE, PAYLOAD)
        if data > 1 or ((data or ponged) and PORT in {talk.orig_p, talk.resp_p}) or (pinged and not server):
            return Dissected(SERVICE, PARTIAL)
    return None


def read_lines(octets: bytes) -> tuple[int, bool]:
    """How many lines of data a stream shows (two are enough), and whether a PONG.

    (0, False) where a whole line before that is neither.
    """
    data, ponged = 0, False
    at = 0
    for number in range(MAX_LINES):
        line_end = octets.find(b"\n", at, at + MAX_LINE)
        if line_end < 0:
            break
        line = octets[at:line_end].rstrip(b"\r")
        at = line_end + 1
        found = DATA.fullmatch(line)
        if found and found[1].upper() not in LEVELS:
            data += 1
            if data > 1:
                break
        elif COMMAND.fullmatch(line):
            ponged = ponged or line.startswith(b"* PONG")
        elif number or not line.isascii() or b"|" not in line:
            return 0, False
    return data, ponged
