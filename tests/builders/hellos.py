"""TLS octet by octet: hellos, certificates, records."""

from __future__ import annotations

import struct

HANDSHAKE, CCS, ALERT, DATA = 22, 20, 21, 23
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def tls_record(kind, body, version=0x0303):
    """A record."""
    return struct.pack(">BHH", kind, version, len(body)) + body


def handshake(kind, body):
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def extension(kind, body):
    """An extension of a hello."""
    return struct.pack(">HH", kind, len(body)) + body


def client_hello_message(name="", *, alpn=(), versions=(0x0304, 0x0303), padding=0, ech=False, more=()):
    """A ClientHello as a handshake message (RFC 8446 section 4.1.2)."""
    extensions = [extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name.encode())] if name else []
    if alpn:
        listed = b"".join(bytes([len(one)]) + one.encode() for one in alpn)
        extensions.append(extension(16, struct.pack(">H", len(listed)) + listed))
    if versions:
        listed = b"".join(struct.pack(">H", one) for one in versions)
        extensions.append(extension(43, bytes([len(listed)]) + listed))
    if ech:
        extensions.append(extension(0xFE0D, b"\0" * 10))
    if padding:
        extensions.insert(0, extension(21, b"\0" * padding))
    extensions += more
    chained = b"".join(extensions)
    body = struct.pack(">H", 0x0303) + b"\x11" * 32 + b"\x20" + b"\x22" * 32
    body += b"\0\4\x13\1\x13\2" + b"\1\0" + struct.pack(">H", len(chained)) + chained
    return handshake(1, body)


def client_hello(name="", **more):
    """A ClientHello in one record."""
    return tls_record(HANDSHAKE, client_hello_message(name, **more), 0x0301)


def server_hello_message(*, version=0x0303, cipher=0xC02F, selected=0, alpn="", psk=False, random=b"\x33" * 32):
    """A ServerHello as a handshake message (RFC 8446 section 4.1.3)."""
    extensions = []
    if selected:
        extensions.append(extension(43, struct.pack(">H", selected)))
    if alpn:
        extensions.append(extension(16, struct.pack(">HB", len(alpn) + 1, len(alpn)) + alpn.encode()))
    if psk:
        extensions.append(extension(41, b"\0\0"))
    chained = b"".join(extensions)
    body = struct.pack(">H", version) + random + b"\x20" + b"\x44" * 32 + struct.pack(">HB", cipher, 0)
    return handshake(2, body + struct.pack(">H", len(chained)) + chained)


def certificate_message(*ders):
    """A Certificate message of TLS 1.2 (RFC 5246 section 7.4.2)."""
    listed = b"".join(len(der).to_bytes(3, "big") + der for der in ders)
    return handshake(11, len(listed).to_bytes(3, "big") + listed)


def server_flight(*ders, **hello):
    """What a TLS 1.2 server answers, in one record: ServerHello, Certificate, ServerHelloDone."""
    messages = server_hello_message(**hello) + certificate_message(*(ders or (b"0\x03\x02\x01\x05",)))
    return tls_record(HANDSHAKE, messages + handshake(14, b""))


def numbers(*values):
    """16-bit numbers one behind the other."""
    return b"".join(struct.pack(">H", value) for value in values)


def listed(*values):
    """16-bit numbers behind the octets that they take."""
    return struct.pack(">H", 2 * len(values)) + numbers(*values)


def lists_hello_message(ciphers, extensions=(), *, version=0x0303, session=b""):
    """A ClientHello of just these cipher suites and extensions, as a handshake message."""
    chained = b"".join(extension(kind, body) for kind, body in extensions)
    body = struct.pack(">H", version) + b"\x11" * 32 + bytes([len(session)]) + session + listed(*ciphers) + b"\1\0"
    return handshake(1, body + (struct.pack(">H", len(chained)) + chained if extensions else b""))


def old_client_hello(*suites, version=0x0301, session=b"", challenge=b"\x77" * 16):
    """A ClientHello in a record of SSL 2 (RFC 5246 appendix E.2); suites are numbers of three octets."""
    told = b"".join(suite.to_bytes(3, "big") for suite in suites)
    head = struct.pack(">BHHHH", 1, version, len(told), len(session), len(challenge))
    body = head + told + session + challenge
    return struct.pack(">H", 0x8000 | len(body)) + body


def old_server_hello(der, *suites):
    """A ServerHello of SSL 2 with its certificate."""
    told = b"".join(suite.to_bytes(3, "big") for suite in suites)
    body = struct.pack(">BBBHHHH", 4, 0, 1, 2, len(der), len(told), 16) + der + told + b"\x55" * 16
    return struct.pack(">H", 0x8000 | len(body)) + body
