"""The first octets of a TCP stream become what is kept of them: TLS hellos, certificates and record headers; DNS.

Everything else is zeroed. Source: RFC 8446 sections 4 and 5.1, RFC 5246 section 7.4, RFC 6066 section 3, RFC 5077
section 3.2, RFC 7766 section 8.
"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.extracting.disguise import Disguise
from analyzer.extracting.messages import dns

CCS, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
PLAIN = {CCS: 1, ALERT: 2}
"""Octets of records that are not encrypted."""

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE = 1, 2, 11, 12
CURVE = 4
"""Octets of a ServerKeyExchange that name a curve."""

RANDOM = 34
"""Octets of a hello before the session's id: the version and random ones."""

SERVER_NAME, PRE_SHARED_KEY = 0, 41
KEPT = frozenset({5, 10, 11, 13, 16, 17, 18, 22, 23, 27, 28, 43, 45, 49, 50, 51, 57, 0x3374, 0xFE0D, 0xFF01})
"""Extensions that are kept whole; of the others their types and lengths (tickets, cookies, what is not known)."""

Certificates = Callable[[bytes], bytes]
"""What is to stand for the certificates of a message, its length included."""


def tls(octets: bytes, at: int, disguise: Disguise, certificates: Certificates) -> bytes:
    """A TLS stream that begins at `at`, the octets before it zeroed: hellos, certificates, records' headers, alerts."""
    made = bytearray(len(octets))
    places: list[int] = []
    changed = False
    while at + 5 <= len(octets) and CCS <= octets[at] <= APPLICATION and octets[at + 1] == 3:
        kind, begin = octets[at], at + 5
        length = int.from_bytes(octets[at + 3 : at + 5], "big")
        end = min(begin + length, len(octets))
        made[at:begin] = octets[at:begin]
        if length == PLAIN.get(kind):
            made[begin:end] = octets[begin:end]
        elif kind == HANDSHAKE and (not changed or octets[begin : begin + 2] in (b"\x01\x00", b"\x02\x00")):
            places.extend(range(begin, end))
        changed = changed or kind == CCS
        at = end
    shown = _handshake(bytes(octets[place] for place in places), disguise, certificates)
    for place, octet in zip(places, shown, strict=True):
        made[place] = octet
    return bytes(made)


def _handshake(octets: bytes, disguise: Disguise, certificates: Certificates) -> bytes:
    """Handshake messages, one after the other."""
    made = b""
    while len(made) + 4 <= len(octets):
        at = len(made)
        kind, begin = octets[at], at + 4
        end = min(begin + int.from_bytes(octets[at + 1 : begin], "big"), len(octets))
        body = octets[begin:end]
        if kind in (CLIENT_HELLO, SERVER_HELLO):
            shown = hello(body, disguise, client=kind == CLIENT_HELLO)
        elif kind == CERTIFICATE:
            shown = certificates(body)
        else:
            shown = body[:CURVE] if kind == KEY_EXCHANGE else b""
        made += octets[at:begin] + shown + bytes(len(body) - len(shown))
    return made + octets[len(made) :]


def hello(octets: bytes, disguise: Disguise, *, client: bool) -> bytes:
    """A hello with another name, and of extensions that say more than a verdict needs their lengths; as far as it goes.

    It may be shorter than before, where its lengths do not fit.
    """

    def number(place: int, octets_: int) -> int:
        return int.from_bytes(octets[place : place + octets_], "big")

    at = RANDOM
    at += 1 + number(at, 1)
    at += 2 + number(at, 2) if client else 2
    at += 1 + number(at, 1) if client else 1
    at += 2
    if at > len(octets) or number(RANDOM, 1) > 32:
        return octets[:RANDOM]
    made = octets[:at]
    while at + 4 <= len(octets) and at + 4 + number(at + 2, 2) <= len(octets):
        kind, end = number(at, 2), at + 4 + number(at + 2, 2)
        made += octets[at : at + 4] + _extension(kind, octets[at + 4 : end], disguise)
        at = end
    return made


def _extension(kind: int, held: bytes, disguise: Disguise) -> bytes:
    """What is kept of an extension, as long as before."""
    if kind in KEPT:
        return held
    if kind == SERVER_NAME and int.from_bytes(held[3:5], "big") == len(held) - 5:
        return held[:5] + disguise.name(held[5:])
    if kind == PRE_SHARED_KEY:
        return _identities(held)
    return bytes(len(held))


def _identities(held: bytes) -> bytes:
    """Keys that are offered (RFC 8446 section 4.2.11) by their lengths only; a server's choice of one."""
    made = held[:2]
    end = 2 + int.from_bytes(held[:2], "big")
    while len(made) + 2 <= min(end, len(held)):
        length = int.from_bytes(held[len(made) : len(made) + 2], "big")
        made += held[len(made) : len(made) + 2] + bytes(length + 4)
    return made[: len(held)] + bytes(max(len(held) - len(made), 0))


def dns_messages(octets: bytes, disguise: Disguise) -> bytes:
    """DNS over TCP: messages behind their lengths (RFC 7766 section 8), up to what is none."""
    made = b""
    while len(octets) - len(made) > 2:
        length = int.from_bytes(octets[len(made) : len(made) + 2], "big")
        message = dns(octets[len(made) + 2 : len(made) + 2 + length], disguise)
        if message is None:
            break
        made += octets[len(made) : len(made) + 2] + message
    return made + bytes(len(octets) - len(made))


FRAMES = {
    "openvpn": (0, 2, 2, (3, 3)),
    "modbus": (4, 2, 6, (9, 9)),
}
"""Protocols all of whose messages are looked at: where the length is, its octets, what it leaves out, what is kept."""


def framed(octets: bytes, service: str, side: int) -> bytes:
    """The first octets of each message of a protocol that frames them."""
    at_length, size, more, kept = FRAMES[service]
    made = bytearray(len(octets))
    at = 0
    while at + at_length + size <= len(octets):
        length = int.from_bytes(octets[at + at_length : at + at_length + size], "big")
        end = min(at + kept[side], at + more + length, len(octets))
        made[at:end] = octets[at:end]
        at += more + length
    return bytes(made)
