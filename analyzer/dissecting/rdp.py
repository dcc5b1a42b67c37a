"""RDP by its negotiation inside X.224, and the TLS that follows on it ([MS-RDPBCGR] sections 2.2.1.1, 2.2.1.2, 5.4)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.starttls import begins, upgraded

SERVICE = "rdp"

TPKT = b"\x03\x00"  # version and reserved octet (RFC 1006 section 6)
FIXED = 11  # octets of TPKT and of the fixed part of X.224
CONNECT, CONFIRM = 0xE0, 0xD0
COOKIES = (b"Cookie: mstshash=", b"Cookie: msts=", b"tsv://")
REQUEST, RESPONSE, FAILURE = 1, 2, 3
NEGOTIATION = 8  # octets: type, flags, length, protocols
IN_TLS = frozenset({1, 2, 4, 8})  # TLS, CredSSP, RDSTLS, CredSSP with early user authorization; 0 is without


def dissect(talk: Conversation) -> Dissected | None:
    """Service rdp, with the session where the server chose a protocol inside TLS. The user in the cookie is not kept.

    A connection request without cookie and negotiation may as well be S7 or MMS: it is nobody's here.
    """
    for client, server, turned in talk.sides():
        asked, answered = _packet(client, CONNECT), _packet(server, CONFIRM)
        wanted, chosen = _negotiated(client[:asked], REQUEST), _negotiated(server[:answered], RESPONSE)
        refused = _negotiated(server[:answered], FAILURE) is not None
        named = client[FIXED:asked].startswith(COOKIES)
        if (client and not asked) or (server and not answered):
            continue
        if not (named or wanted is not None or chosen is not None or refused):
            continue
        at = asked, answered
        more = len(client) > asked or len(server) > answered
        ready = chosen in IN_TLS or (not server and bool(wanted))
        if ready and more and begins(client, asked) and begins(server, answered):
            return upgraded(SERVICE, at, turned=turned)
        return Dissected(SERVICE, PAYLOAD)
    return None


def _packet(octets: bytes, kind: int) -> int:
    """Where the X.224 packet of this kind ends that a stream begins with, 0 for none."""
    length = int.from_bytes(octets[2:4], "big")
    if not octets.startswith(TPKT) or not FIXED <= length <= len(octets):
        return 0
    return length if octets[4] == length - 5 and octets[5] & 0xF0 == kind else 0


def _negotiated(packet: bytes, kind: int) -> int | None:
    """The protocols in the negotiation of a packet (a correlation id may stand behind it), None for none."""
    rest = packet[FIXED:]
    if kind == REQUEST and not rest.startswith(bytes([REQUEST])):
        rest = rest[rest.find(b"\r\n") + 2 :] if b"\r\n" in rest else b""
    if len(rest) < NEGOTIATION or rest[0] != kind or rest[2:4] != b"\x08\x00":
        return None
    return int.from_bytes(rest[4:8], "little")
