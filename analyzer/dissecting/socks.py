"""SOCKS 4, 4a and 5, and where what it carries begins (RFC 1928, RFC 1929; SOCKS 4 and 4a by Y. Lee)."""

from __future__ import annotations

import re

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "socks"
# CONNECT or BIND, port, address, the user's id, and in 4a a host behind the address 0.0.0.x.
REQUEST_4 = re.compile(
    rb"\x04[\x01\x02].{2}(?:\x00\x00\x00[^\x00][\x20-\x7e]{0,255}\x00[\x21-\x7e]{1,255}\x00"
    rb"|[^\x00].{3}[\x20-\x7e]{0,255}\x00)",
    re.DOTALL,
)
ANSWER_4 = re.compile(rb"\x00[\x5a-\x5d].{6}", re.DOTALL)
ADDRESS_OCTETS = {1: 4, 4: 16}
HANDSHAKE = b"\x16\x03"  # TLS record of type handshake, any version (RFC 8446 section 5.1)
NO_AUTHENTICATION, BY_PASSWORD = 0, 2


def dissect(talk: Conversation) -> Dissected | None:
    """Service socks: payload by a greeting and its answer, partial by an unmistakable request alone; `tls_at` if TLS.

    User names and passwords are not kept, and neither is the target: it is in the streams, in no table.
    """
    for client, server, turned in talk.sides():
        found = _read_4(client, server) or _read_5(client, server)
        if found is not None:
            at = found.tls_at
            return found._replace(tls_at=(at[1], at[0])) if at and turned else found
    return None


def _read_4(client: bytes, server: bytes) -> Dissected | None:
    asked = REQUEST_4.match(client)
    if not asked:
        return None
    if not server:
        return Dissected(SERVICE, PARTIAL) if asked.end() == len(client) else None
    answered = ANSWER_4.match(server)
    return _carries((client, asked.end()), (server, answered.end()), granted=server[1] == 0x5A) if answered else None


def _read_5(client: bytes, server: bytes) -> Dissected | None:
    """A greeting of exactly its methods, the method chosen, then perhaps a request and its answer."""
    if client[:1] != b"\x05" or server[:1] != b"\x05" or len(client) < 3 or len(server) < 2:
        return None
    at, chosen = 2 + client[1], server[1]
    if not client[1] or at > len(client) or (chosen != 0xFF and chosen not in client[2:at]):
        return None
    if chosen == 0xFF or len(client) == at:
        return Dissected(SERVICE, PAYLOAD) if len(server) == 2 else None
    answer_at = 2
    if chosen == BY_PASSWORD:
        at, answer_at = _after_password(client, at), 4
    elif chosen != NO_AUTHENTICATION:
        return Dissected(SERVICE, PAYLOAD)
    begin, answer = _after_address(client, at), _after_address(server, answer_at)
    if client[at : at + 1] not in {b"", b"\x05"} or server[answer_at : answer_at + 1] not in {b"", b"\x05"}:
        return None
    if not begin or not answer:
        return Dissected(SERVICE, PAYLOAD)
    return _carries((client, begin), (server, answer), granted=server[answer_at + 1] == 0)


def _after_password(client: bytes, at: int) -> int:
    """Offset behind the user's name and password (RFC 1929 section 2)."""
    name = client[at + 1] if at + 1 < len(client) else 0
    password = client[at + 2 + name] if at + 2 + name < len(client) else 0
    return at + 3 + name + password


def _after_address(octets: bytes, at: int) -> int:
    """Offset behind a request or answer that is there in full, else 0 (RFC 1928 sections 4 and 6)."""
    if len(octets) < at + 5 or octets[at] != 5 or octets[at + 2]:
        return 0
    kind = octets[at + 3]
    length = 1 + octets[at + 4] if kind == 3 else ADDRESS_OCTETS.get(kind, 0)
    end = at + 4 + length + 2
    return end if length and end <= len(octets) else 0


def _carries(client: tuple[bytes, int], server: tuple[bytes, int], *, granted: bool) -> Dissected:
    """What is known of an answered request: TLS begins where the client's next octets, or the server's, say so.

    Each side is its stream and the offset behind request or answer. A capture may lack what the client said next.
    """
    speaks = client if len(client[0]) > client[1] else server
    tls = granted and speaks[0].startswith(HANDSHAKE, speaks[1])
    return Dissected(SERVICE, PAYLOAD, (), (client[1], server[1]) if tls else None, "connect" if tls else "")
