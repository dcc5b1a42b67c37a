"""EtherNet/IP: encapsulation messages over TCP and UDP, and implicit I/O over UDP (CIP volume 2, chapter 2)."""

from __future__ import annotations

from analyzer.dissecting.conversation import PARTIAL, PAYLOAD, TCP, UDP, Conversation, Dissected

SERVICE = "ethernet-ip"
PORT = 44818
HEADER = 24  # command (2), length (2), session (4), status (4), sender's context (8), options (4), all little-endian
MAX_MESSAGES = 16

LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES = 0x0004, 0x0063, 0x0064
REGISTER, UNREGISTER, SEND_RR, SEND_UNIT = 0x0065, 0x0066, 0x006F, 0x0070
LISTS = frozenset({LIST_SERVICES, LIST_IDENTITY, LIST_INTERFACES})
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
    command, length, session, status = (
        int.from_bytes(octets[at + begin : at + end], "little") for begin, end in ((0, 2), (2, 4), (4, 8), (8, 12))
    )
    if len(octets) - at < HEADER or octets[at + 20 : at + 24] != b"\0\0\0\0" or status not in STATUSES:
        return -1
    data = octets[at + HEADER : at + HEADER + length]
    if command in LISTS:
        fits = session == 0 and (length == 0 or 1 <= int.from_bytes(data[:2], "little") <= 16)
    elif command == REGISTER:
        fits = length == 4 and data[2:4] in {b"\0\0", b""} and data[:1] in {b"\1", b""}
    elif command == UNREGISTER:
        fits = length == 0 and session != 0
    elif command in {SEND_RR, SEND_UNIT}:
        fits = (length == 0 and status != 0) or (length >= 8 and data[:4] == b"\0\0\0\0" and data[7:8] in {b"\0", b""})
    else:
        fits = False
    return command if fits else -1


def _is_io(octets: bytes) -> bool:
    """Whether a datagram is one packet of implicit I/O to its last octet."""
    if not octets.startswith(IO_BEGIN) or octets[IO_DATA_AT : IO_DATA_AT + 2] != IO_DATA:
        return False
    return len(octets) == IO_DATA_AT + 4 + int.from_bytes(octets[IO_DATA_AT + 2 : IO_DATA_AT + 4], "little")
