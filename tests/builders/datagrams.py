"""DTLS octet by octet: records, fragments of handshake messages, hellos with a cookie."""

from __future__ import annotations

import struct

from tests.builders import hellos as he

V10, V12 = 0xFEFF, 0xFEFD


def record(kind, body, *, epoch=0, number=0, version=V12):
    """A record (RFC 6347 section 4.1)."""
    return struct.pack(">BHH", kind, version, epoch) + number.to_bytes(6, "big") + struct.pack(">H", len(body)) + body


def fragment(message, number, offset=0, octets=None):
    """A fragment of a handshake message that is given as TLS writes it (RFC 6347 section 4.2.2)."""
    body = message[4:]
    part = body[offset : len(body) if octets is None else offset + octets]
    head = message[:4] + struct.pack(">H", number) + offset.to_bytes(3, "big") + len(part).to_bytes(3, "big")
    return head + part


def handshake(message, number, **more):
    """A whole handshake message in one record."""
    return record(he.HANDSHAKE, fragment(message, number), **more)


def client_hello_message(name="", *, cookie=b"", version=V12, **more):
    """A ClientHello with its cookie, as a handshake message."""
    plain = he.client_hello_message(name, **more)
    at = 4 + 35 + plain[4 + 34]
    body = struct.pack(">H", version) + plain[6:at] + bytes([len(cookie)]) + cookie + plain[at:]
    return he.handshake(1, body)


def verify_message(cookie=b"\x99" * 8):
    """A HelloVerifyRequest."""
    return he.handshake(3, struct.pack(">HB", V10, len(cookie)) + cookie)
