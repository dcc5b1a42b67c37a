"""DNS messages become rows: header, question, answers. Source: RFC 1035 section 4; RFC 3596; RFC 4343 (case)."""

from __future__ import annotations

import numpy as np

from analyzer.kernels.headers import V4_MAPPED
from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16, be32, be64, u8
from analyzer.kernels.strings import FULL, NONE, intern

MESSAGE = np.dtype(
    [
        ("flow", "i8"),
        ("ts_ns", "i8"),
        ("frame", "i8"),
        ("answers_at", "i8"),
        ("query", "i4"),
        ("answers", "i4"),
        ("id", "i4"),
        ("flags", "i4"),
        ("qtype", "i4"),
        ("side", "i4"),
    ],
    align=True,
)
ANSWER = np.dtype(
    [("hi", "i8"), ("lo", "i8"), ("ttl", "i8"), ("target", "i4"), ("type", "i4")],
    align=True,
)
NAME_OCTETS = 1024  # of presentation form: 255 octets on the wire, an escape for each at most four
MAX_ANSWERS = 64  # of one message; more are passed over
MAX_JUMPS = 32  # compression pointers of one name
A, CNAME, AAAA = 1, 5, 28
OPCODE, RESPONSE, RESERVED = 0x7800, 0x8000, 0x0040
LAST_OPCODE = 6 << 11  # IANA: DNS Stateful Operations

NOT_DNS = -3


@kernel
def name(octets, start, at, end, text):
    """Read the name at `at` of a message from `start` to `end` as lower-case presentation form without final dot.

    Returns (length in `text`, offset after the name), or (-1, at) where it is malformed.
    """
    length = 0
    after = np.int64(-1)
    jumps = 0
    while at < end:
        size = u8(octets, at)
        if size == 0:
            return length, (at + 1 if after < 0 else after)
        if size >= 0xC0:
            if end - at < 2:
                break
            if after < 0:
                after = at + 2
            at = start + (be16(octets, at) & 0x3FFF)
            jumps += 1
            if jumps > MAX_JUMPS:
                break
            continue
        if size > 63 or size >= end - at or length + 4 * size + 1 > text.size:
            break
        if length:
            text[length] = 46
            length += 1
        for k in range(at + 1, at + 1 + size):
            octet = u8(octets, k)
            if 65 <= octet <= 90:
                octet += 32
            if octet == 46 or octet == 92:  # RFC 4343 section 2.1: a dot or backslash within a label is escaped
                text[length] = 92
                length += 1
            if octet < 33 or octet > 126:
                text[length] = 92
                text[length + 1] = 48 + octet // 100
                text[length + 2] = 48 + octet // 10 % 10
                text[length + 3] = 48 + octet % 10
                length += 4
            else:
                text[length] = octet
                length += 1
        at += 1 + size
    return -1, at


@kernel
def answer_records(octets, start, at, end, count, text, strings, answers, used):
    """Read the answer section: (records written from `used` on, FULL where strings have no room)."""
    written = 0
    for _ in range(count):
        length, at = name(octets, start, at, end, text)
        if length < 0 or end - at < 10:
            break
        kind = be16(octets, at)
        ttl = be32(octets, at + 4)
        size = be16(octets, at + 8)
        at += 10
        if size > end - at:
            break
        if written < MAX_ANSWERS and (
            (kind == A and size == 4) or (kind == AAAA and size == 16) or (kind == CNAME and size > 0)
        ):
            row = answers[used + written]
            row.type = kind
            row.ttl = ttl
            row.target = NONE
            row.hi = 0
            row.lo = 0
            if kind == A:
                row.lo = V4_MAPPED | be32(octets, at)
            elif kind == AAAA:
                row.hi = be64(octets, at)
                row.lo = be64(octets, at + 8)
            else:
                length, _after = name(octets, start, at, end, text)
                if length < 0:
                    break
                number = intern(text, 0, length, strings)
                if number == FULL:
                    return FULL
                row.target = number
            written += 1
        at += size
    return written


@kernel
def message(octets, start, end, text, strings, row, answers, used):
    """Read `octets[start:end]` as a message into `row`; its answers go to `answers[used:]`.

    Returns the number of answers, NOT_DNS where it is none (an unknown opcode, absurd counts, no whole question),
    or FULL where the strings must grow first. `answers` has room for MAX_ANSWERS more.
    """
    if end - start < 12:
        return NOT_DNS
    flags = be16(octets, start + 2)
    questions = be16(octets, start + 4)
    records = be16(octets, start + 6)
    if flags & OPCODE > LAST_OPCODE or questions > 1 or flags & RESERVED:
        return NOT_DNS
    if flags & RESPONSE == 0 and records > 0 and questions == 0:
        return NOT_DNS
    at = start + 12
    row.id = be16(octets, start)
    row.flags = flags
    row.qtype = 0
    row.query = NONE
    if questions:
        length, at = name(octets, start, at, end, text)
        if length < 0 or end - at < 4:
            return NOT_DNS
        row.qtype = be16(octets, at)
        number = intern(text, 0, length, strings)
        if number == FULL:
            return FULL
        row.query = number
        at += 4
    elif flags & RESPONSE == 0:
        return NOT_DNS
    row.answers_at = used
    found = 0
    if flags & RESPONSE:
        found = answer_records(octets, start, at, end, records, text, strings, answers, used)
        if found == FULL:
            return FULL
    row.answers = found
    return found


@kernel
def datagrams(octets, kept, picked, first, text, strings, rows, answers, counts, isdns):
    """Read the datagrams `kept[picked[first:]]` (SEGMENT rows over the arena `octets`) as DNS messages.

    isdns   bool[m]   out, per picked: it is a DNS message
    counts  i64[2]    in and out: rows and answers written
    Returns the position to go on from: picked.size when done, else the strings or tables must grow first.
    """
    for k in range(first, picked.size):
        if counts[0] >= rows.size or counts[1] + MAX_ANSWERS > answers.size:
            return k
        segment = kept[picked[k]]
        row = rows[counts[0]]
        found = message(octets, segment.at, segment.at + segment.octets, text, strings, row, answers, counts[1])
        if found == FULL:
            return k
        isdns[k] = found != NOT_DNS
        if found == NOT_DNS:
            continue
        row.flow = segment.flow
        row.ts_ns = segment.ts_ns
        row.frame = segment.frame
        row.side = segment.side
        counts[0] += 1
        counts[1] += found
    return picked.size
