"""The first octets of a connection become one row of TLS facts: hellos, certificates, alerts, record lengths.

Source: RFC 8446 sections 4.1, 4.4.2, 5.1 and 6; RFC 5246 sections 6.2, 7.2 and 7.4 and appendix E.2.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.hellos import (
    LISTED,
    certificate_chain,
    client_hello,
    is_old_hello,
    is_retry,
    old_octets,
    old_server_hello,
    server_hello,
)
from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16, be24, copy, u8
from analyzer.kernels.strings import NONE, hash_octets

RECORDS = 16  # records listed of each side
CHAIN = 10  # certificates kept of a chain
HANDSHAKE_OCTETS = 64 * 1024
LIST_OCTETS = HANDSHAKE_OCTETS + 64
SPOTS = 2 * LISTED

SESSION = np.dtype(
    [
        ("flow", "i8"),
        ("hello_octets", "i8"),
        ("client_at", "i8"),  # offsets into the streams where a message ends, -1 where it was not seen
        ("server_at", "i8"),
        ("certificate_at", "i8"),
        ("alert_at", "i8"),
        ("client_print", "i8"),  # of the whole ClientHello and ServerHello, 0 where not seen whole
        ("server_print", "i8"),
        ("server_name", "i4"),
        ("alpn", "i4"),
        ("server_alpn", "i4"),
        ("hello", "i4"),  # the lists of both hellos: see kernels/hellos.py
        ("answer", "i4"),
        ("ech_config", "i4"),
        ("client_version", "i4"),
        ("version", "i4"),
        ("cipher", "i4"),
        ("alert", "i4"),
        ("alert_side", "i4"),  # 0 client, 1 server
        ("client_data", "i4"),  # application data records
        ("server_data", "i4"),
        ("chain", "i4"),  # certificates in `chains`
        ("psk", "u1"),
        ("offered", "u1"),  # bits: 1 a session id, 2 a ticket
        ("ech", "u1"),  # 0 none, 1 outer, 2 inner
        ("retry", "u1"),
        ("server_done", "u1"),  # bits: 1 ServerHello, 2 Certificate, 4 ChangeCipherSpec, 8 ServerHelloDone
        ("via", "u1"),
    ],
    align=True,
)
SEEN_CCS, SEEN_DONE = 4, 8
CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE = 1, 2, 11, 14
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
    old = is_old_hello(octets, client, client_end, False)
    old_answer = is_old_hello(octets, server, server_end, True)
    other = (server < server_end and not old_answer and not is_record(octets, server, server_end)) or (
        client < client_end and not old and not is_record(octets, client, client_end)
    )
    if other:
        return 0
    if begins(octets, client, client_end, CLIENT_HELLO) or begins(octets, server, server_end, SERVER_HELLO):
        return 2
    if old or old_answer:
        return 2
    for at, end in ((client, client_end), (server, server_end)):
        if end - at >= 5 and is_record(octets, at, end):
            following = at + 5 + be16(octets, at + 3)
            if following == end or (end - following >= 5 and is_record(octets, following, end)):
                return 1
    return 0


@kernel
def ends_in_retry(handshake, gathered):
    """Whether the handshake octets are one HelloRetryRequest."""
    if gathered < 4 or u8(handshake, 0) != SERVER_HELLO or 4 + be24(handshake, 1) != gathered:
        return False
    return is_retry(handshake, 4, gathered)


@kernel
def deframe(octets, at, end, handshake, types, lengths):
    """Walk the records of a stream: list them, gather the handshake octets before encryption begins.

    A ChangeCipherSpec behind a HelloRetryRequest begins nothing (RFC 8446 appendix D.4): the ServerHello follows.
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
            copy(handshake, gathered, octets, at + 5, min(have, handshake.size - gathered))
            gathered = min(gathered + have, handshake.size)
        elif kind == CCS:
            encrypted = encrypted or not ends_in_retry(handshake, gathered)
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
def client_side(octets, at, end, work, strings, lists, row, types, lengths):
    """Read the client's stream; False where the strings or lists must grow first."""
    handshake = work[0]
    if is_old_hello(octets, at, end, False):
        stop = min(at + old_octets(octets, at), end)
        row.client_version = be16(octets, at + 3)
        row.hello_octets = old_octets(octets, at) - 2
        row.client_at = stop - 1 if stop == at + old_octets(octets, at) else -1
        row.offered = 1 if be16(octets, at + 7) else 0
        at = stop
    _, gathered, data, alert, alert_at, _ = deframe(octets, at, end, handshake, types, lengths)
    row.client_data = data
    if alert >= 0:
        row.alert, row.alert_at, row.alert_side = alert, alert_at, 0
    if row.hello_octets == 0 and gathered >= 4 and u8(handshake, 0) == CLIENT_HELLO:
        size = be24(handshake, 1)
        stop = min(4 + size, gathered)
        row.hello_octets = 4 + size
        if stop == 4 + size:
            row.client_at = place_of(octets, at, end, stop - 1)
            row.client_print = hash_octets(handshake, 0, stop, 0)
        return client_hello(handshake, 4, stop, stop == 4 + size, work, strings, lists, row)
    return True


@kernel
def server_side(octets, at, end, work, strings, lists, ders, row, chain, types, lengths):
    """Read the server's stream; False where the strings, lists or certificates must grow first."""
    handshake = work[0]
    if is_old_hello(octets, at, end, True):
        stop = min(at + old_octets(octets, at), end)
        row.server_at = stop - 1
        if not old_server_hello(octets, at, stop, ders, row, chain):
            return False
        if row.chain:
            row.certificate_at = stop - 1
        at = stop
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
            if row.server_print == 0:
                row.server_print = hash_octets(handshake, place, 4 + size, 0)
            if not server_hello(handshake, place + 4, stop, work, strings, lists, row):
                return False
        elif kind == CERTIFICATE:
            row.certificate_at = place_of(octets, at, end, stop - 1)
            if not certificate_chain(handshake, place + 4, stop, ders, row, chain):
                return False
        elif kind == SERVER_HELLO_DONE:
            row.server_done |= SEEN_DONE
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
    row.client_print = 0
    row.server_print = 0
    row.server_name = NONE
    row.alpn = NONE
    row.server_alpn = NONE
    row.hello = NONE
    row.answer = NONE
    row.ech_config = -1
    row.client_version = 0
    row.version = 0
    row.cipher = -1
    row.alert = -1
    row.alert_side = 0
    row.chain = 0
    row.psk = 0
    row.offered = 0
    row.ech = 0
    row.retry = 0
    row.server_done = 0
    row.client_data = 0
    row.server_data = 0


@kernel
def session(octets, client, client_end, server, server_end, work, strings, lists, ders, row, chain, types, lengths):
    """Read both streams of a TLS connection into `row`, `chain` and the lists of records.

    work  (u8[HANDSHAKE_OCTETS], u8[n], u8[LIST_OCTETS], i64[SPOTS])  room to put a handshake, a text, the lists of a
          hello and the places of its extensions together
    Returns False where `strings`, `lists` or `ders` must grow first; call again then.
    """
    blank(row)
    types[:, :] = 0
    lengths[:, :] = 0
    if not client_side(octets, client, client_end, work, strings, lists, row, types[0], lengths[0]):
        return False
    return server_side(octets, server, server_end, work, strings, lists, ders, row, chain, types[1], lengths[1])


@kernel
def inner_session(octets, middle, work, strings, lists, ders, t):
    """Read a client's octets up to `middle` and a server's after it into the first row of `t`; see session."""
    end = octets.size
    return session(
        octets, 0, middle, middle, end, work, strings, lists, ders, t.rows[0], t.chains[0], t.types[0], t.lengths[0]
    )
