"""EtherNet/IP: encapsulation messages over TCP and UDP, and implicit I/O over UDP (CIP volume 2, chapter 2)."""

from __future__ import annotations

import struct

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, TCP, UDP, Dissected

SERVICE = "ethernet-ip"
PORT = 44818
ENCAPSULATION = struct.Struct("<HHIIQI")  # command, length, session, status, sender's context, options
HEADER = ENCAPSULATION.size
MAX_MESSAGES = 16

LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES = 0x0004, 0x0063, 0x0064
REGISTER, UNREGISTER, SEND_RR, SEND_UNIT = 0x0065, 0x0066, 0x006F, 0x0070
LISTS = frozenset({LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES})
COMMANDS = LISTS | {REGISTER, UNREGISTER, SEND_RR, SEND_UNIT}
STATUSES = frozenset({0x0000, 0x0001, 0x0002, 0x0003, 0x0064, 0x0065, 0x0069, 0x006A})  # table 2-3.3

# Implicit I/O (section 2-6.2): two items, a sequenced address (0x8002, 8 octets), then connected data (0x00B1).
IO_BEGIN = b"\x02\x00\x02\x80\x08\x00"
IO_DATA = b"\xb1\x00"
IO_DATA_AT = 14


def dissect(talk: Conversation) -> Dissected | None:
    """Service ethernet-ip: payload where the messages carry what their command demands.

    The bare List commands (a number and zeros) prove little: off their port they need the answer too, else partial.
    """
    if talk.proto == TCP:
        orig, resp = read_stream(talk.orig.octets), read_stream(talk.resp.octets)
    elif talk.proto == UDP:
        if any(_is_io(message.octets) for message in talk.messages[:4]):
            return Dissected(SERVICE, PAYLOAD)
        orig = [read(message.octets, 0) for message in talk.messages[:4] if message.from_orig]
        resp = [read(message.octets, 0) for message in talk.messages[:4] if not message.from_orig]
    else:
        return None
    found = [command for command in (*orig, *resp) if command >= 0]
    if not found or -1 in orig[:1] or -1 in resp[:1]:
        return None
    proven = PORT in {talk.orig_p, talk.resp_p} or (orig and resp) or not LISTS.issuperset(found)
    return Dissected(SERVICE, PAYLOAD if proven else PARTIAL)


def read_stream(octets: bytes) -> list[int]:
    """The commands of a stream's messages in order, -1 for one that is none; nothing of a stream too short for one."""
    commands: list[int] = []
    at = 0
    while len(octets) - at >= HEADER and len(commands) < MAX_MESSAGES:
        commands.append(read(octets, at))
        if commands[-1] < 0:
            break
        at += HEADER + int.from_bytes(octets[at + 2 : at + 4], "little")
    return commands if commands or not octets else [-1]


def read(octets: bytes, at: int) -> int:
    """The command of the message at offset `at`, or -1 where it is none."""
    if len(octets) - at < HEADER:
        return -1
    command, length, session, status, _, options = ENCAPSULATION.unpack_from(octets, at)
    if options or command not in COMMANDS or status not in STATUSES:
        return -1
    data = octets[at + HEADER : at + HEADER + length]
    if command in LISTS:
        fits = session == 0 and (len(data) < 2 or 1 <= int.from_bytes(data[:2], "little") <= 16)
    elif command == REGISTER:
        fits = length == 4 and data[2:4] in {b"\0\0", b""} and data[:1] in {b"\1", b""}
    elif command == UNREGISTER:
        fits = length == 0 and session != 0
    else:
        fits = (length == 0 and status != 0) or (
            length >= 8 and b"\0\0\0\0".startswith(data[:4]) and data[7:8] in {b"\0", b""}
        )
    return command if fits else -1


def _is_io(octets: bytes) -> bool:
    """Whether a datagram is one packet of implicit I/O to its last octet."""
    if not octets.startswith(IO_BEGIN) or octets[IO_DATA_AT : IO_DATA_AT + 2] != IO_DATA:
        return False
    return len(octets) == IO_DATA_AT + 4 + int.from_bytes(octets[IO_DATA_AT + 2 : IO_DATA_AT + 4], "little")
