"""What a dissector tells of a conversation: its service, how sure that is, and the records read from it."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.conversations import Stream

TCP = 6
UDP = 17

PAYLOAD = "payload"
PARTIAL = "partial"
PORT = "port"


class Dissected(NamedTuple):
    """What a dissector tells.

    service    lower-case name, as in Flows.service
    certainty  PAYLOAD, PARTIAL or PORT
    rows       (table, row): table is a field of Observations ("http"), row its cells in the order of the columns
    tls_at     where TLS begins inside: offsets into the originator's and the responder's stream, None where it does not
    via        connect, nats, starttls, quic, dtls: what TLS began inside of
    inner      the streams that tls_at counts in, where they are not the conversation's own: TLS that came in datagrams,
               put into records (RFC 8446 section 5.1), with the marks of the datagrams
    """

    service: str
    certainty: str
    rows: tuple[tuple[str, tuple[object, ...]], ...] = ()
    tls_at: tuple[int, int] | None = None
    via: str = ""
    inner: tuple[Stream, Stream] | None = None


def printable(octets: bytes, limit: int) -> str:
    """At most `limit` octets as one line of ASCII; what is not printable stands as a backslash escape."""
    kept = octets[:limit]
    text = kept.decode("latin-1")
    if kept.isascii() and text.isprintable():
        return text
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02x}" for octet in kept)
