"""DHCP messages over UDP 67 and 68 (RFC 2131, options of RFC 2132)."""

from __future__ import annotations

from analyzer.conversations import Conversation, Message
from analyzer.dissecting.dissected import PAYLOAD, Dissected, printable

SERVICE = "dhcp"
PORTS = frozenset({67, 68})
FIXED = 236  # octets before the magic cookie (RFC 2131 section 2)
MAGIC = b"\x63\x82\x53\x63"
MAX_OPTIONS = 128
MAX_ADDRESSES = 16

PAD, ROUTERS, RESOLVERS, HOST_NAME, NTP, REQUESTED, MESSAGE, SERVER, END = 0, 3, 6, 12, 42, 50, 53, 54, 255
MESSAGES = ("", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM")


def dissect(talk: Conversation) -> Dissected | None:
    """Rows of tables.Dhcp, one per message of a known type; BOOTP without a type has the service and no row."""
    if talk.resp_p not in PORTS or talk.orig_p not in PORTS:
        return None
    rows: list[tuple[str, tuple[object, ...]]] = []
    seen = False
    for message in talk.messages:
        if not _is_bootp(message.octets):
            continue
        seen = True
        row = read(talk.flow, message)
        if row:
            rows.append((SERVICE, row))
    return Dissected(SERVICE, PAYLOAD, tuple(rows)) if seen else None


def _is_bootp(octets: bytes) -> bool:
    return octets[:1] in {b"\x01", b"\x02"} and octets[FIXED : FIXED + 4] == MAGIC and octets[2] <= 16


def read(flow: int, message: Message) -> tuple[object, ...] | None:
    """A row of tables.Dhcp, or None where the message has no known type."""
    octets = message.octets
    options = read_options(octets, FIXED + len(MAGIC))
    kind = options.get(MESSAGE, b"")
    if len(kind) != 1 or not 0 < kind[0] < len(MESSAGES):
        return None
    return (
        flow,
        message.ts_ns,
        message.frame,
        MESSAGES[kind[0]],
        octets[28 : 28 + octets[2]].hex(":"),
        _address(octets[12:16]) or _address(options.get(REQUESTED, b"")),
        _address(octets[16:20]),
        _address(options.get(SERVER, b"")),
        printable(options.get(HOST_NAME, b"").rstrip(b"\0"), 255),
        _addresses(options.get(ROUTERS, b"")),
        _addresses(options.get(RESOLVERS, b"")),
        _addresses(options.get(NTP, b"")),
    )


def read_options(octets: bytes, at: int) -> dict[int, bytes]:
    """Options by code, those given in parts joined (RFC 3396); a cut one is left out."""
    options: dict[int, bytes] = {}
    for _ in range(MAX_OPTIONS):
        while octets[at : at + 1] == b"\0":
            at += 1
        if at + 2 > len(octets) or octets[at] == END:
            break
        code, end = octets[at], at + 2 + octets[at + 1]
        if end > len(octets):
            break
        options[code] = options.get(code, b"") + octets[at + 2 : end]
        at = end
    return options


def _address(octets: bytes) -> str:
    return ".".join(map(str, octets)) if len(octets) == 4 and any(octets) else ""


def _addresses(octets: bytes) -> tuple[str, ...]:
    parts = [_address(octets[at : at + 4]) for at in range(0, min(len(octets), 4 * MAX_ADDRESSES), 4)]
    return tuple(part for part in parts if part)
