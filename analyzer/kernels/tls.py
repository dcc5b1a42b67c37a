"""The first octets of a connection become one row of TLS facts: hellos, certificates, alerts, record lengths.

Source: RFC 8446 sections 4.1, 4.2, 4.4.2, 5.1 and 6; RFC 5246 sections 6.2, 7.2 and 7.4; RFC 6066 section 3; RFC 7301.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16, be24, be32, u8
from analyzer.kernels.strings import FULL, NONE, intern

RECORDS = 16  # records listed of each side
CHAIN = 10  # certificates kept of a chain
HANDSHAKE_OCTETS = 64 * 1024

SESSION = np.dtype(
    [
        ("flow", "i8"),
        ("hello_octets", "i8"),
        ("client_at", "i8"),  # offsets into the streams where a message ends, -1 where it was not seen
        ("server_at", "i8"),
        ("certificate_at", "i8"),
        ("alert_at", "i8"),
        ("server_name", "i4"),
        ("alpn", "i4"),
        ("server_alpn", "i4"),
        ("client_version", "i4"),
        ("version", "i4"),
        ("cipher", "i4"),
        ("alert", "i4"),
        ("alert_side", "i4"),  # 0 client, 1 server
        ("client_data", "i4"),  # application data records
        ("server_data", "i4"),
        ("chain", "i4"),  # certificates in `chains`
        ("psk", "u1"),
        ("ech", "u1"),
        ("retry", "u1"),
        ("server_done", "u1"),  # bits: 1 ServerHello, 2 Certificate, 4 ChangeCipherSpec of the server
        ("via", "u1"),
    ],
    align=True,
)
SEEN_HELLO, SEEN_CERTIFICATE, SEEN_CCS = 1, 2, 4
CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
SNI, ALPN, PRE_SHARED_KEY, SUPPORTED_VERSIONS, ECH = 0, 16, 41, 43, 0xFE0D
RETRY = 0xCF21AD74  # first octets of the random that marks a HelloRetryRequest (RFC 8446 section 4.1.3)
MAX_RECORD = 16384 + 2048


@kernel
def is_record(octets, at, end):
    """Whether the octets at `at` begin a TLS record (as far as they are there)."""
    if end - at < 3:
        return False
    kind = u8(octets, at)
    if kind < CCS or kind > HEARTBEAT or u8(octets, at + 1) != 3 or u8(octets, at + 2) > 4:
        return False
    return end - at < 5 or 0 < be16(octets, at + 3) <= MAX_RECORD


@kernel
def begins(octets, at, end, message):
    """Whether the stream begins with a handshake record whose first message is `message`."""
    return (
        end - at >= 6 and is_record(octets, at, end) and u8(octets, at) == HANDSHAKE and u8(octets, at + 5) == message
    )


@kernel
def is_tls(octets, client, client_end, server, server_end):
    """How much the two streams look like TLS: 2 by a hello, 1 by record framing alone (seen midway), 0 not.

    A ClientHello that follows on something else from the server (NATS says INFO first) is not TLS from the start.
    """
    other = (server < server_end and not is_record(octets, server, server_end)) or (
        client < client_end and not is_record(octets, client, client_end)
    )
    if other:
        return 0
    if begins(octets, client, client_end, CLIENT_HELLO) or begins(octets, server, server_end, SERVER_HELLO):
        return 2
    for at, end in ((client, client_end), (server, server_end)):
        if end - at >= 5 and is_record(octets, at, end):
            following = at + 5 + be16(octets, at + 3)
            if following == end or (end - following >= 5 and is_record(octets, following, end)):
                return 1
    return 0


@kernel
def deframe(octets, at, end, handshake, types, lengths):
    """Walk the records of a stream: list them, gather the handshake octets before encryption begins.

    Returns (records listed, handshake octets, application data records, plain alert or -1, its offset, CCS seen).
    """
    listed = 0
    gathered = 0
    data = 0
    alert = -1
    alert_at = np.int64(-1)
    encrypted = False
    while end - at >= 5 and is_record(octets, at, end):
        kind = u8(octets, at)
        length = be16(octets, at + 3)
        have = min(length, end - at - 5)
        if listed < RECORDS:
            types[listed] = kind
            lengths[listed] = length
            listed += 1
        if kind == HANDSHAKE and not encrypted:
            for k in range(min(have, handshake.size - gathered)):
                handshake[gathered + k] = octets[at + 5 + k]
            gathered = min(gathered + have, handshake.size)
        elif kind == CCS:
            encrypted = True
        elif kind == DATA:
            data += 1
            encrypted = True
        elif kind == ALERT and length == 2 and have == 2 and alert < 0:
            # a fatal alert, or a warning other than close_notify: the rest says nothing
            if u8(octets, at + 5) == 2 or u8(octets, at + 6) != 0:
                alert = u8(octets, at + 6)
                alert_at = at + 6
        at += 5 + length
    return listed, gathered, data, alert, alert_at, encrypted


@kernel
def place_of(octets, at, end, wanted):
    """The offset in the stream of the handshake octet `wanted` (counted over the records as deframe gathers them)."""
    gathered = 0
    while end - at >= 5 and is_record(octets, at, end):
        length = be16(octets, at + 3)
        if u8(octets, at) == HANDSHAKE:
            if wanted < gathered + length:
                return at + 5 + wanted - gathered
            gathered += length
        at += 5 + length
    return end - 1


@kernel
def greased(value):
    """Whether it is one of the values that mean nothing (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


@kernel
def lower_name(hello, at, length):
    """Turn a host name to lower case where it stands and drop one final dot: its length, -1 for no host name."""
    if length > 0 and hello[at + length - 1] == 46:
        length -= 1
    if length <= 0 or length > 255:
        return -1
    for k in range(at, at + length):
        octet = u8(hello, k)
        if octet < 33 or octet > 126:
            return -1
        if 65 <= octet <= 90:
            hello[k] = octet + 32
    return length


@kernel
def protocols(hello, at, end, text):
    """Write an ALPN list as comma-separated text, up to the first name that is not whole; returns its length."""
    used = 0
    if end - at < 2:
        return 0
    at += 2
    while at < end:
        size = u8(hello, at)
        if size == 0 or size > end - at - 1 or used + size + 1 > text.size:
            break
        if used:
            text[used] = 44
            used += 1
        for k in range(size):
            octet = u8(hello, at + 1 + k)
            text[used + k] = octet if 33 <= octet <= 126 and octet != 44 else 63
        used += size
        at += 1 + size
    return used


@kernel
def client_extension(hello, kind, at, end, text, strings, row):
    """Read one extension of a ClientHello; False where the strings must grow first."""
    if kind == SNI and end - at >= 5 and u8(hello, at + 2) == 0:
        length = lower_name(hello, at + 5, min(be16(hello, at + 3), end - at - 5))
        if length > 0:
            row.server_name = intern(hello, at + 5, length, strings)
            return row.server_name != FULL
    elif kind == ALPN:
        used = protocols(hello, at, end, text)
        row.alpn = intern(text, 0, used, strings)
        return row.alpn != FULL
    elif kind == SUPPORTED_VERSIONS and end > at:
        best = 0
        for k in range(at + 1, end - 1, 2):
            version = be16(hello, k)
            if not greased(version):
                best = max(best, version)
        if best:
            row.client_version = best
    elif kind == ECH:
        row.ech = 1
    return True


@kernel
def client_hello(hello, at, end, text, strings, row):
    """Read a ClientHello's body as far as it is there; False where the strings must grow first."""
    if end - at < 35:
        return True
    row.client_version = be16(hello, at)
    at += 34
    at += 1 + u8(hello, at)
    if end - at < 2:
        return True
    at += 2 + be16(hello, at)
    if end - at < 1:
        return True
    at += 1 + u8(hello, at)
    if end - at < 2:
        return True
    end = min(end, at + 2 + be16(hello, at))
    at += 2
    while end - at >= 4:
        kind = be16(hello, at)
        size = be16(hello, at + 2)
        at += 4
        if not client_extension(hello, kind, at, min(at + size, end), text, strings, row):
            return False
        at += size
    return True


@kernel
def server_hello(hello, at, end, text, strings, row):
    """Read a ServerHello's body; False where the strings must grow first."""
    if end - at < 38:
        return True
    if be32(hello, at + 2) == RETRY and be32(hello, at + 6) == 0xE59A6111:
        row.retry = 1
    row.server_done |= SEEN_HELLO
    row.version = be16(hello, at)
    at += 34
    at += 1 + u8(hello, at)
    if end - at < 3:
        return True
    row.cipher = be16(hello, at)
    at += 3
    if end - at < 2:
        return True
    end = min(end, at + 2 + be16(hello, at))
    at += 2
    while end - at >= 4:
        kind = be16(hello, at)
        size = be16(hello, at + 2)
        at += 4
        stop = min(at + size, end)
        if kind == SUPPORTED_VERSIONS and stop - at >= 2:
            row.version = be16(hello, at)
        elif kind == PRE_SHARED_KEY:
            row.psk = 1
        elif kind == ALPN:
            used = protocols(hello, at, stop, text)
            row.server_alpn = intern(text, 0, used, strings)
            if row.server_alpn == FULL:
                return False
        at += size
    return True


@kernel
def certificate_chain(hello, at, end, ders, row, chain):
    """Keep the certificates of a TLS 1.2 Certificate message; False where `ders` must grow first."""
    row.server_done |= SEEN_CERTIFICATE
    row.chain = 0
    if end - at < 3:
        return True
    end = min(end, at + 3 + be24(hello, at))
    at += 3
    while end - at > 3 and row.chain < CHAIN:
        size = be24(hello, at)
        at += 3
        if size == 0 or size > end - at:
            break
        number = intern(hello, at, size, ders)
        if number == FULL:
            return False
        chain[row.chain] = number
        row.chain += 1
        at += size
    return True


@kernel
def client_side(octets, at, end, handshake, text, strings, row, types, lengths):
    """Read the client's stream; False where the strings must grow first."""
    _, gathered, data, alert, alert_at, _ = deframe(octets, at, end, handshake, types, lengths)
    row.client_data = data
    if alert >= 0:
        row.alert, row.alert_at, row.alert_side = alert, alert_at, 0
    if gathered >= 4 and u8(handshake, 0) == CLIENT_HELLO:
        size = be24(handshake, 1)
        stop = min(4 + size, gathered)
        row.hello_octets = 4 + size
        row.client_at = place_of(octets, at, end, stop - 1)
        return client_hello(handshake, 4, stop, text, strings, row)
    return True


@kernel
def server_side(octets, at, end, handshake, text, strings, ders, row, chain, types, lengths):
    """Read the server's stream; False where the strings or certificates must grow first."""
    _, gathered, data, alert, alert_at, encrypted = deframe(octets, at, end, handshake, types, lengths)
    row.server_data = data
    if encrypted:
        row.server_done |= SEEN_CCS
    if alert >= 0 and row.alert < 0:
        row.alert, row.alert_at, row.alert_side = alert, alert_at, 1
    place = 0
    while gathered - place >= 4:
        size = be24(handshake, place + 1)
        stop = place + 4 + size
        if stop > gathered:
            break
        kind = u8(handshake, place)
        if kind == SERVER_HELLO:
            row.server_at = place_of(octets, at, end, stop - 1)
            if not server_hello(handshake, place + 4, stop, text, strings, row):
                return False
        elif kind == CERTIFICATE:
            row.certificate_at = place_of(octets, at, end, stop - 1)
            if not certificate_chain(handshake, place + 4, stop, ders, row, chain):
                return False
        place = stop
    return True


@kernel
def blank(row):
    """Set a row to what is known before anything was read."""
    row.hello_octets = 0
    row.client_at = -1
    row.server_at = -1
    row.certificate_at = -1
    row.alert_at = -1
    row.server_name = NONE
    row.alpn = NONE
    row.server_alpn = NONE
    row.client_version = 0
    row.version = 0
    row.cipher = -1
    row.alert = -1
    row.alert_side = 0
    row.chain = 0
    row.psk = 0
    row.ech = 0
    row.retry = 0
    row.server_done = 0
    row.client_data = 0
    row.server_data = 0


@kernel
def session(octets, client, client_end, server, server_end, work, strings, ders, row, chain, types, lengths):
    """Read both streams of a TLS connection into `row`, `chain` and the lists of records.

    work  (u8[HANDSHAKE_OCTETS], u8[n])  room to put a handshake and a text together
    Returns False where `strings` or `ders` must grow first; call again then.
    """
    blank(row)
    types[:, :] = 0
    lengths[:, :] = 0
    handshake, text = work
    if not client_side(octets, client, client_end, handshake, text, strings, row, types[0], lengths[0]):
        return False
    return server_side(octets, server, server_end, handshake, text, strings, ders, row, chain, types[1], lengths[1])


@kernel
def inner_session(octets, middle, work, strings, ders, t):
    """Read a client's octets up to `middle` and a server's after it into the first row of `t`; see session."""
    return session(
        octets, 0, middle, middle, octets.size, work, strings, ders, t.rows[0], t.chains[0], t.types[0], t.lengths[0]
    )
