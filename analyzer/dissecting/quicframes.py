"""The frames of an Initial packet's payload: what they carry of the CRYPTO stream, and why a side closed.

Source: RFC 9000 sections 12.4 and 19 (PADDING, PING, ACK, CRYPTO, CONNECTION_CLOSE: no others may stand in an Initial);
Google's versions Q050, T050 and T051: frame types of the QUIC Wire Layout Specification (2016), with CRYPTO as type 8.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzer.dissecting.quicpackets import read_varint

PADDING, PING, ACK, ACK_ECN, CRYPTO, CLOSE = 0, 1, 2, 3, 6, 0x1C
CRYPTO_ERROR = range(0x0100, 0x0200)  # with the number of a TLS alert (RFC 9001 section 4.8)
GOOGLE_STOP, GOOGLE_PING, GOOGLE_CRYPTO = 6, 7, 8
GOOGLE_STREAM, GOOGLE_ACK = 0x80, 0x40  # flags
GOOGLE_SIZES = (1, 2, 4, 6)  # octets of a packet number, by two bits
BIG_FROM = 39  # Google's version from which numbers are big-endian
NO_ENTROPY_FROM = 34  # Google's version from which ACK and STOP_WAITING have no octet of entropy


class Frames(NamedTuple):
    """What a payload carries: (offset, octets) of its CRYPTO frames, and a TLS alert that closed, -1 for none."""

    crypto: tuple[tuple[int, bytes], ...]
    alert: int


def read_frames(payload: bytes) -> Frames:
    """The frames of an Initial of RFC 9000 and its drafts, up to the first that is not whole or may not stand there."""
    crypto: list[tuple[int, bytes]] = []
    at = 0
    while at < len(payload):
        kind, at = payload[at], at + 1
        if kind == PADDING:
            at = len(payload) - len(payload[at:].lstrip(b"\0"))
        elif kind == CRYPTO:
            offset, at = read_varint(payload, at)
            length, at = read_varint(payload, at)
            if min(offset, length) < 0 or length > len(payload) - at:
                break
            crypto.append((offset, payload[at : at + length]))
            at += length
        elif kind in {ACK, ACK_ECN}:
            at = _end_of_ack(payload, at, kind)
        elif kind == CLOSE:
            code, _ = read_varint(payload, at)
            return Frames(tuple(crypto), code & 0xFF if code in CRYPTO_ERROR else -1)
        elif kind != PING:
            break
    return Frames(tuple(crypto), -1)


def _end_of_ack(payload: bytes, at: int, kind: int) -> int:
    """Where an ACK frame ends; the payload's end where it is not whole."""
    numbers = []
    for _ in range(4):  # largest, delay, ranges, first range
        number, at = read_varint(payload, at)
        numbers.append(number)
    left = 2 * numbers[2] + (3 if kind == ACK_ECN else 0)
    if min(numbers) < 0 or left > len(payload) - at:
        return len(payload)
    for _ in range(left):
        number, at = read_varint(payload, at)
        if number < 0:
            return len(payload)
    return at


def read_google_frames(payload: bytes, version: int, number_octets: int) -> Frames:
    """The frames of one of Google's versions (43 for Q043): CRYPTO, or STREAM 1 that went before it.

    `number_octets` is the size of the packet's own number, which a STOP_WAITING frame shares. Reading ends at the first
    frame of another kind.
    """
    crypto: list[tuple[int, bytes]] = []
    at = 0
    while 0 <= at < len(payload):
        kind, at = payload[at], at + 1
        if kind & GOOGLE_STREAM:
            stream, offset, begin, at = _google_stream(payload, at, kind, version)
            if stream == 1:
                crypto.append((offset, payload[begin:at]))
        elif kind & GOOGLE_ACK:
            at = _end_of_google_ack(payload, at, kind) if version >= NO_ENTROPY_FROM else -1
        elif kind == GOOGLE_CRYPTO:
            offset, at = read_varint(payload, at)
            length, at = read_varint(payload, at)
            if min(offset, length) < 0 or length > len(payload) - at:
                break
            crypto.append((offset, payload[at : at + length]))
            at += length
        elif kind == GOOGLE_STOP:
            at += number_octets + (version < NO_ENTROPY_FROM)
        elif kind not in {PADDING, GOOGLE_PING}:
            break
    return Frames(tuple(crypto), -1)


def _google_stream(payload: bytes, at: int, kind: int, version: int) -> tuple[int, int, int, int]:
    """Stream, offset, begin and end of the data of a STREAM frame; stream and end -1 where it is not whole."""
    stream_size = (kind & 3) + 1
    offset_size = (kind >> 2 & 7) + (kind & 0x1C > 0)
    data_at = at + stream_size + offset_size + (2 if kind & 0x20 else 0)
    if data_at > len(payload):
        return -1, 0, 0, -1
    stream, offset, length = (
        _google_number(payload[begin:end], version)
        for begin, end in (
            (at, at + stream_size),
            (at + stream_size, at + stream_size + offset_size),
            (at + stream_size + offset_size, data_at),
        )
    )
    end = data_at + length if kind & 0x20 else len(payload)
    return (stream, offset, data_at, end) if end <= len(payload) else (-1, 0, 0, -1)


def _google_number(octets: bytes, version: int) -> int:
    return int.from_bytes(octets, "big" if version >= BIG_FROM else "little")


def _end_of_google_ack(payload: bytes, at: int, kind: int) -> int:
    """Where an ACK frame of Q034 or later ends, -1 where it is not whole."""
    size = GOOGLE_SIZES[kind & 3]
    at += GOOGLE_SIZES[kind >> 2 & 3] + 2
    blocks = 0
    if kind & 0x20:
        blocks = payload[at] if at < len(payload) else 0
        at += 1
    at += size + blocks * (1 + size)
    if at >= len(payload):
        return -1
    times = payload[at]
    return at + 1 + (3 * times + 2 if times else 0)
