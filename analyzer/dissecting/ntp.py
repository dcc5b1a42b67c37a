"""NTP messages over UDP 123: versions 1 to 4, control and private modes (RFC 5905, RFC 1305, RFC 9327)."""

from __future__ import annotations

from analyzer.conversations import Conversation, Message
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected, printable

SERVICE = "ntp"
PORT = 123
HEADER = 48
MAX_ROWS = 64
CONTROL, PRIVATE = 6, 7
CONTROL_HEADER = 12
PRIVATE_HEADER = 8
PRIVATE_CODES = frozenset({0, 2, 3})  # implementations: universal, and two of ntpd's own (ntp_request.h)

# Octets that may follow header and extensions: none, a crypto-NAK, a key id with a digest of 8 (DES), 16 (MD5, AES),
# 20 (SHA-1), 32 or 64 octets (RFC 1305 appendix C, RFC 5905 section 7.3, RFC 8573).
TRAILERS = frozenset({0, 4, 12, 20, 24, 36, 68})
MAX_STRATUM = 16
PRECISIONS = range(-40, 1)  # log2 s; a client that tells nothing of itself sends 0 or 32 (chrony)
CLIENT_PRECISION = 32
POLLS = range(-6, 18)  # log2 s (RFC 5905 section 7.2: to 17); clients of seconds below one exist


def dissect(talk: Conversation) -> Dissected | None:
    """Rows of tables.Ntp, one per message; partial where some of the messages on the port are not NTP."""
    if PORT not in {talk.orig_p, talk.resp_p}:
        return None
    messages = talk.messages[:MAX_ROWS]
    rows = tuple((SERVICE, read(talk.flow, message)) for message in messages if is_ntp(message.octets))
    return Dissected(SERVICE, PAYLOAD if len(rows) == len(messages) else PARTIAL, rows) if rows else None


def is_ntp(octets: bytes) -> bool:
    """Whether a datagram has the form of its mode, to the last octet, and fields in the range of the standard."""
    if len(octets) < PRIVATE_HEADER:
        return False
    version, mode = octets[0] >> 3 & 7, octets[0] & 7
    if mode == PRIVATE:
        return _is_private(octets)
    if not 1 <= version <= 4 or octets[0] & 7 == 0:
        return False
    if mode == CONTROL:
        count = int.from_bytes(octets[10:12], "big")
        whole = CONTROL_HEADER + count + -count % 4
        return len(octets) >= CONTROL_HEADER and len(octets) - whole in TRAILERS and octets[0] >> 6 == 0
    return len(octets) >= HEADER and _is_plausible(octets, mode) and _ends_well(octets)


def _is_private(octets: bytes) -> bool:
    """Mode 7 (ntpd's ntp_request.h): implementation, request, error and items, size of an item."""
    items, item = int.from_bytes(octets[4:6], "big") & 0xFFF, int.from_bytes(octets[6:8], "big")
    fits = item <= 500 and len(octets) % 4 == 0 and (items == 0 or PRIVATE_HEADER + items * item <= len(octets))
    return octets[0] >> 3 & 7 in {2, 3, 4} and octets[2] in PRIVATE_CODES and octets[4] >> 4 <= 7 and fits


def _is_plausible(octets: bytes, mode: int) -> bool:
    poll, precision = (value - 256 if value > 127 else value for value in octets[2:4])
    if octets[1] > MAX_STRATUM or poll not in POLLS:
        return False
    if precision not in PRECISIONS and not (mode == 3 and precision == CLIENT_PRECISION):
        return False
    # Root delay and dispersion in s (16.16): a server that lost its source lets dispersion grow, but never to minutes.
    delay, dispersion = int.from_bytes(octets[4:6], "big", signed=True), int.from_bytes(octets[8:10], "big")
    return -256 < delay < 256 and dispersion < 256


def _ends_well(octets: bytes) -> bool:
    """Whether extension fields (RFC 7822) and an authenticator fill the datagram."""
    at = HEADER
    while len(octets) - at not in TRAILERS:
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        if length < 16 or length % 4 or at + length > len(octets):
            return False
        at += length
    return True


def read(flow: int, message: Message) -> tuple[object, ...]:
    """A row of tables.Ntp."""
    octets = message.octets
    mode = octets[0] & 7
    plain = mode in {CONTROL, PRIVATE}
    stratum = 0 if plain else octets[1]
    return (
        flow,
        message.ts_ns,
        message.frame,
        message.from_orig,
        octets[0] >> 3 & 7,
        mode,
        stratum,
        "" if plain else read_reference(stratum, octets[12:16]),
    )


def read_reference(stratum: int, octets: bytes) -> str:
    """The reference identifier: kiss code or clock below stratum 2, an address above (RFC 5905 section 7.3)."""
    if not any(octets):
        return ""
    if stratum < 2:
        name = octets.rstrip(b"\0 ")
        return printable(name, 4) if name.isalnum() else octets.hex()
    return ".".join(map(str, octets))
