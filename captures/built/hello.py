"""TLS 1.3 as it looks from outside: hellos that anybody can read, and records of which the length alone is seen.

What TLS encrypts is zeros here: nobody without keys could tell, and zeros need no room in a file.
Source: RFC 8446; the client's hello has the extensions of OpenSSL's in their order.
"""

from __future__ import annotations

import struct
from random import Random

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from built.wire import MS, Connection

HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 20, 23
CLIENT_HELLO, SERVER_HELLO = 1, 2
TLS_1_0, TLS_1_2, TLS_1_3 = 0x0301, 0x0303, 0x0304
AES_128_GCM_SHA256, X25519 = 0x1301, 0x001D
SUITES = (0x1302, 0x1303, AES_128_GCM_SHA256, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC02B, 0xC02F, 0x00FF)
GROUPS = (X25519, 0x0017, 0x001E, 0x0019, 0x0018)
SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601)
LARGEST, OVERHEAD = 16384, 17  # octets of content in a record; its inner type and AES-GCM's tag
FINISHED = 36 + OVERHEAD
TICKET = 250 + OVERHEAD


def shake_hands(  # noqa: PLR0913 - a handshake has that many properties
    talk: Connection, at_ns: int, name: str, chance: Random, *, alpn: str = "http/1.1", flight: int
) -> int:
    """Put TLS 1.3 on a connection; when it was done.

    name    the server's, empty where the client asks for none
    flight  octets of the server's encrypted extensions, certificates and signatures
    """
    session = chance.randbytes(32)
    at_ns = talk.say(at_ns, _client_hello(name, alpn, session, chance), forth=True, acked=False) + MS
    change = _record(CHANGE_CIPHER_SPEC, b"\x01")
    spoken = _server_hello(session, chance) + change + records(flight) + _record(APPLICATION_DATA, bytes(FINISHED))
    at_ns = talk.say(at_ns, spoken, forth=False) + MS
    at_ns = talk.say(at_ns, change + _record(APPLICATION_DATA, bytes(FINISHED)), forth=True, acked=False)
    return talk.say(at_ns, _record(APPLICATION_DATA, bytes(TICKET)) * 2, forth=False) + MS


def records(octets: int) -> bytes:
    """So many octets of content as records of application data."""
    whole, rest = divmod(octets, LARGEST)
    sizes = [LARGEST] * whole + ([rest] if rest else [])
    return b"".join(_record(APPLICATION_DATA, bytes(size + OVERHEAD)) for size in sizes)


def _record(kind: int, body: bytes) -> bytes:
    """A record (RFC 8446 section 5.1)."""
    version = TLS_1_0 if body[:1] == bytes([CLIENT_HELLO]) and kind == HANDSHAKE else TLS_1_2
    return struct.pack("!BHH", kind, version, len(body)) + body


def _hello(kind: int, body: bytes) -> bytes:
    """A handshake message in a record of its own (RFC 8446 section 4)."""
    return _record(HANDSHAKE, bytes([kind]) + len(body).to_bytes(3, "big") + body)


def _client_hello(name: str, alpn: str, session: bytes, chance: Random) -> bytes:
    """A ClientHello (RFC 8446 section 4.1.2)."""
    host = name.encode("ascii")
    extensions = [
        (0, _block(b"\0" + _block(host))) if host else None,  # server_name (RFC 6066 section 3)
        (11, b"\x03\x00\x01\x02"),  # ec_point_formats
        (10, _block(_numbers(GROUPS))),  # supported_groups
        (35, b""),  # session_ticket
        (16, _block(bytes([len(alpn)]) + alpn.encode("ascii"))) if alpn else None,  # ALPN (RFC 7301)
        (22, b""),  # encrypt_then_mac
        (23, b""),  # extended_master_secret
        (13, _block(_numbers(SIGNATURES))),  # signature_algorithms
        (43, b"\x04" + _numbers((TLS_1_3, TLS_1_2))),  # supported_versions
        (45, b"\x01\x01"),  # psk_key_exchange_modes
        (51, _block(_share(chance))),  # key_share
    ]
    body = struct.pack("!H", TLS_1_2) + chance.randbytes(32) + b"\x20" + session + _block(_numbers(SUITES)) + b"\x01\0"
    return _hello(CLIENT_HELLO, body + _extensions([given for given in extensions if given]))


def _server_hello(session: bytes, chance: Random) -> bytes:
    """A ServerHello (RFC 8446 section 4.1.3)."""
    body = struct.pack("!H", TLS_1_2) + chance.randbytes(32) + b"\x20" + session
    body += struct.pack("!HB", AES_128_GCM_SHA256, 0)
    return _hello(SERVER_HELLO, body + _extensions([(43, struct.pack("!H", TLS_1_3)), (51, _share(chance))]))


def _share(chance: Random) -> bytes:
    """A fresh public key for the exchange, with its group."""
    key = X25519PrivateKey.from_private_bytes(chance.randbytes(32)).public_key()
    return struct.pack("!H", X25519) + _block(key.public_bytes_raw())


def _extensions(given: list[tuple[int, bytes]]) -> bytes:
    """The extensions of a hello."""
    return _block(b"".join(struct.pack("!H", number) + _block(body) for number, body in given))


def _block(octets: bytes) -> bytes:
    """Octets after their number, in two octets."""
    return struct.pack("!H", len(octets)) + octets


def _numbers(values: tuple[int, ...]) -> bytes:
    """Numbers of two octets each."""
    return struct.pack(f"!{len(values)}H", *values)
