"""QUIC: the handshake that its Initial packets carry, which versions were tried, Retry and 0-RTT.

The hellos are handed on as TLS records; the clear hello of Google's versions is read here. Keys and frames are those of
RFC 9001 and RFC 9000, RFC 9369, the drafts from 22 on, mvfst and quiche; other versions are known by their header only.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analyzer.conversations import Conversation, Message, Stream
from analyzer.dissecting import gquic
from analyzer.dissecting.dissected import PAYLOAD, Dissected
from analyzer.dissecting.quicpackets import (
    DRAFTS,
    FIXED,
    LONG,
    MAX_ID,
    NEGOTIATION,
    RETRY,
    VERSION_1,
    VERSION_2,
    ZERO_RTT,
    is_known,
    name_version,
    read_ids,
    read_packets,
    read_versions,
)
from analyzer.dissecting.quicstream import ALERT, FATAL, GOOGLE_HELLO, MOST, record
from analyzer.tables import Quic, Tls, from_rows

if TYPE_CHECKING:
    from analyzer.dissecting.quicinitials import Attempt, Received

SERVICE = "quic"
MAX_MESSAGES = 16
MIN_OCTETS = 16
GOOGLE_LONG = re.compile(rb"[\xc0-\xff][QT]0[4-5][0-9]", re.DOTALL)


def dissect(talk: Conversation) -> Dissected | None:
    """A row of tables.Quic and the TLS inside, where one of the first datagrams opens as QUIC of a known version."""
    if not any(is_quic(message.octets) for message in talk.messages[:4]):
        return None
    messages = talk.messages[:MAX_MESSAGES]
    told, inner = read_packed(messages)
    if any(gquic.is_clear(message.octets) for message in messages):
        told = _with_clear(told, messages)
    cells = (talk.flow, next(message.ts_ns for message in messages if is_quic(message.octets)), *_cells(told))
    return Dissected(SERVICE, PAYLOAD, (("quic", cells),), (0, 0) if inner else None, "quic" if inner else "", inner)


def is_quic(octets: bytes) -> bool:
    """Whether a datagram opens with a header of a known version, or negotiates one."""
    if len(octets) < MIN_OCTETS:
        return False
    if gquic.is_clear(octets) or GOOGLE_LONG.match(octets):
        return True
    ids = read_ids(octets, 0)
    if ids is None or max(len(ids[1]), len(ids[2])) > MAX_ID:
        return False
    version, _, _, at = ids
    if version == 0:
        offered = read_versions(octets[at:])
        known = any(one in {VERSION_1, VERSION_2} or one in DRAFTS for one in offered)
        return (len(octets) - at) % 4 == 0 and (known or octets[at : at + 2] == b"Q0")
    return is_known(version) and octets[0] & FIXED > 0 and len(octets) - at >= MIN_OCTETS


class Told(NamedTuple):
    """What a flow's datagrams tell; versions as on the wire, 0 for none; hello_frame 0 for none."""

    version: int
    began: int
    offered: tuple[int, ...]
    retry: bool
    initials: int
    hello_frame: int
    zero_rtt: bool
    clear_hello: gquic.Hello = gquic.Hello("", "")


def _cells(told: Told) -> tuple[object, ...]:
    """The cells of a row behind flow and time; ALPN and JA4 come from the TLS inside."""
    return (
        name_version(told.version) if told.version else "",
        name_version(told.began) if told.began not in {0, told.version} else "",
        told.clear_hello.server_name,
        (),
        "",
        tuple(map(name_version, told.offered)),
        told.retry,
        told.initials,
        told.hello_frame,
        told.zero_rtt,
        told.clear_hello.user_agent,
    )


def _with_clear(told: Told, messages: tuple[Message, ...]) -> Told:
    """What is told, and what datagrams of Google's versions up to Q046 tell beside it: no TLS is in them."""
    seen = gquic.read_clear(messages)
    began, offered = seen.began, seen.offered or told.offered
    if told.initials:
        return told._replace(began=began, offered=offered)  # the client went on with a version of today
    whole = seen.stream.whole
    return told._replace(
        version=seen.version, began=began, offered=offered, initials=seen.packets,
        hello_frame=messages[whole].frame if whole >= 0 else 0,
        clear_hello=gquic.read_hello(seen.stream.first(MOST)),
    )  # fmt: skip


def read_packed(messages: tuple[Message, ...]) -> tuple[Told, tuple[Stream, Stream] | None]:
    """What datagrams with long headers tell, and the TLS in their Initial packets."""
    from analyzer.dissecting import quicinitials as qi  # noqa: PLC0415 - cryptography is slow to import

    packets = [
        qi.Received(turn, message, packet)
        for turn, message in enumerate(messages)
        for packet in read_packets(message.octets)
    ]
    opener = qi.Opener()
    opener.open_all(packets)
    attempt = qi.chosen(opener.attempts)
    from_orig = attempt.from_orig if attempt else _client_is_orig(packets)
    hello = qi.hello_of(attempt, opener.attempts) if attempt else None
    clear_hello, inner, whole = gquic.Hello("", ""), None, -1
    if attempt and hello:
        stream = hello.streams[qi.CLIENT]
        whole = stream.whole
        if stream.first(4) == GOOGLE_HELLO:
            clear_hello = gquic.read_hello(stream.first(MOST))
        else:
            inner = _inner(messages, hello, attempt)
    versions = _versions(messages, from_orig=from_orig)
    return Told(
        attempt.version if attempt else _spoken(packets) or versions[0],
        versions[0],
        _offered(packets),
        retry=any(_is_retry(one, opener.attempts, from_orig=from_orig) for one in packets),
        initials=sum(one.initials for one in opener.attempts),
        hello_frame=messages[whole].frame if whole >= 0 else 0,
        zero_rtt=any(one.packet.kind == ZERO_RTT and one.message.from_orig == from_orig for one in packets),
        clear_hello=clear_hello,
    ), inner


def _client_is_orig(packets: list[Received]) -> bool:
    """Which side is the client where no hello tells: who is not told to try again, else who speaks first."""
    for one in packets:
        if one.packet.kind in {RETRY, NEGOTIATION}:
            return not one.message.from_orig
    return not packets or packets[0].message.from_orig


def _versions(messages: tuple[Message, ...], *, from_orig: bool) -> list[int]:
    """The versions that the client wrote into its long headers, known ones or not, in order; 0 for none."""
    sent = [message.octets for message in messages if message.from_orig == from_orig]
    headers = [octets[1:5] for octets in sent if len(octets) >= MIN_OCTETS and octets[0] & LONG]
    return [int.from_bytes(header, "big") for header in headers if any(header)] or [0]


def _spoken(packets: list[Received]) -> int:
    """The known version that was spoken last, 0 for none."""
    return next((one.packet.version for one in reversed(packets) if one.packet.version), 0)


def _offered(packets: list[Received]) -> tuple[int, ...]:
    """What the first Version Negotiation offers."""
    for _, message, packet in packets:
        if packet.kind == NEGOTIATION:
            return read_versions(message.octets[packet.at : packet.end])
    return ()


def _is_retry(one: Received, attempts: list[Attempt], *, from_orig: bool) -> bool:
    """Whether a packet is a server's Retry: by its tag, where its version has one and the client's Initial was seen."""
    from analyzer.dissecting.quickeys import is_retry  # noqa: PLC0415 - as above

    if one.packet.kind != RETRY or one.message.from_orig == from_orig:
        return False
    checks = [is_retry(one.message.octets, one.packet, attempt.first_id) for attempt in attempts]
    return not checks or any(check is not False for check in checks)


def _inner(messages: tuple[Message, ...], hello: Attempt, attempt: Attempt) -> tuple[Stream, Stream] | None:
    """The client's and the server's handshake as TLS records; None where nothing of it is known."""
    streams = hello.streams[0].records(messages), attempt.streams[1].records(messages)
    if not any(stream.octets for stream in streams):
        return None
    client, server = (
        _with_alert(stream, alert, messages) for stream, alert in zip(streams, attempt.alerts, strict=True)
    )
    return client, server


def _with_alert(stream: Stream, alert: tuple[int, int], messages: tuple[Message, ...]) -> Stream:
    """The stream and the alert that ended it: in QUIC a fatal one stands in CONNECTION_CLOSE (RFC 9001 section 4.8)."""
    number, turn = alert
    if number < 0:
        return stream
    mark = len(stream.octets), messages[turn].ts_ns, messages[turn].frame
    return Stream(stream.octets + record(ALERT, bytes([FATAL, number])), (*stream.marks, mark))


def with_sessions(rows: list[tuple[Any, ...]], tls: Tls) -> Quic:
    """The table of the first row of each flow, with name, ALPN and JA4 of the flow's TLS session inside QUIC."""
    first: dict[Any, tuple[Any, ...]] = {}
    for row in rows:
        first.setdefault(row[0], row)
    table = from_rows(Quic, sorted(first.values(), key=operator.itemgetter(0)))
    inside = np.flatnonzero(tls.via == SERVICE)
    flow, at = np.unique(tls.flow[inside], return_index=True)
    here = np.searchsorted(table.flow, flow)
    table.server_name[here] = tls.server_name[inside[at]]
    table.alpn[here] = tls.alpn[inside[at]]
    ja4 = getattr(tls, "ja4", None)
    if ja4 is not None:
        table.ja4[here] = ja4[inside[at]]
    return table
