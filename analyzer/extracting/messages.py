"""Messages of DNS, DHCP and NTP become ones with other names and addresses, the rest of them empty or as it was.

Source: RFC 1035 section 4.1, RFC 2131 section 2, RFC 2132, RFC 5905 section 7.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.dissecting.ntp import CONTROL, CONTROL_HEADER, HEADER, PRIVATE, PRIVATE_HEADER, is_ntp
from analyzer.extracting.disguise import Disguise

A, NS, CNAME, SOA, PTR, MX, AAAA, SRV, OPT, SVCB, HTTPS = 1, 2, 5, 6, 12, 15, 28, 33, 41, 64, 65
NAMES = {NS: 0, CNAME: 0, PTR: 0, SOA: 0, MX: 2, SRV: 6}
"""Types whose data holds a name, and behind how many octets."""

MOST_LABELS = 128
MOST_ENTRIES = 512
LAST_OPCODE, RESERVED = 6, 0x40
CLASSES = frozenset({1, 3, 4, 254, 255})
"""Of questions and records, without the bit that multicast DNS uses (RFC 6762 sections 5.4 and 10.2)."""

COOKIE = b"\x63\x82\x53\x63"
DHCP_AT = 240
DHCP_ADDRESSES, DHCP_KEPT = (3, 6, 42, 50, 54, 28), (1, 51, 53, 55, 57, 58, 59)
CLIENT_ID = 61

Reader = Callable[[bytes, Disguise], bytes | None]
"""Rewrites one message; None where it is none, whatever its flow is."""


def dns(octets: bytes, disguise: Disguise) -> bytes | None:
    """A DNS message: header, names, types, times to live and addresses; other data is zeroed.

    What begins with no header, or with no whole question or record, is none; what follows the last whole one is zeroed.
    """
    counts = [int.from_bytes(octets[at : at + 2], "big") for at in (4, 6, 8, 10)]
    if len(octets) < 12 or octets[2] >> 3 & 15 > LAST_OPCODE or octets[3] & RESERVED or max(counts) > MOST_ENTRIES:
        return None
    if not any(counts):
        return octets if len(octets) == 12 else None
    made = bytearray(octets[:12]) + bytes(len(octets) - 12)
    at = 12
    for section in [section for section, count in enumerate(counts) for _ in range(count)]:
        begin, at = at, _entry(octets, made, at, section, disguise)
        if at < 0:
            made[begin:] = bytes(len(made) - begin)
            return bytes(made) if begin > 12 else None
    return bytes(made)


def _entry(octets: bytes, made: bytearray, at: int, section: int, disguise: Disguise) -> int:
    """Writes a question (section 0) or a record; returns where it ends, -1 where it does not, or is of no class."""
    at = _named(octets, made, at, disguise)
    fixed = 4 if section == 0 else 10
    if at < 0 or at + fixed > len(octets):
        return -1
    kind, of_class = (int.from_bytes(octets[place : place + 2], "big") for place in (at, at + 2))
    if kind != OPT and of_class & 0x7FFF not in CLASSES:
        return -1
    made[at : at + fixed] = octets[at : at + fixed]
    return _data(octets, made, at, disguise) if section else at + 4


def _labels(octets: bytes, at: int) -> Iterator[tuple[int, int, bool]]:
    """Where the labels of a name begin, how long they are, and whether they stand in it, not behind a pointer."""
    own = True
    for _ in range(MOST_LABELS):
        length = octets[at] if at < len(octets) else 0
        if length >= 0xC0 and at + 1 < len(octets):
            to = (length & 0x3F) << 8 | octets[at + 1]
            if to >= at:
                return
            at, own = to, False
        elif 0 < length < 0x40 and at + 1 + length <= len(octets):
            yield at, length, own
            at += 1 + length
        else:
            return


def _named(octets: bytes, made: bytearray, at: int, disguise: Disguise) -> int:
    """Writes a name; returns where it ends, -1 where it does not."""
    labels = list(_labels(octets, at))
    name = b".".join(octets[place + 1 : place + 1 + length] for place, length, _ in labels)
    other = disguise.name(name)
    here = 0
    for place, length, own in labels:
        if own:
            made[place] = length
            made[place + 1 : place + 1 + length] = other[here : here + length]
            at = place + 1 + length
        here += length + 1
    if at >= len(octets):
        return -1
    octets_left = 2 if octets[at] >= 0xC0 else 1
    made[at : at + octets_left] = octets[at : at + octets_left]
    return at + octets_left


def _data(octets: bytes, made: bytearray, at: int, disguise: Disguise) -> int:
    """Writes the data of a record whose fixed part begins at `at`; returns where it ends, -1 where it does not."""
    kind, length = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 8 : at + 10], "big")
    at += 10
    end = at + length
    if end > len(octets):
        return -1
    if (kind, length) in ((A, 4), (AAAA, 16)):
        made[at:end] = disguise.address(octets[at:end])
    elif kind in NAMES:
        made[at : at + NAMES[kind]] = octets[at : at + NAMES[kind]]
        beyond = _named(octets[:end], made, at + NAMES[kind], disguise)
        if kind == SOA and beyond > 0:
            beyond = _named(octets[:end], made, beyond, disguise)
            if beyond > 0:
                made[beyond:end] = octets[beyond:end]
    return end


def dhcp(octets: bytes, disguise: Disguise) -> bytes | None:
    """A DHCP message: addresses and MACs are others; of the options only types, times and addresses are kept."""
    if octets[:1] not in (b"\1", b"\2") or octets[236:DHCP_AT] != COOKIE:
        return None
    made = bytearray(octets[:28] + bytes(208) + COOKIE) + bytes(len(octets) - DHCP_AT)
    for at in (12, 16, 20, 24):
        made[at : at + 4] = disguise.address(octets[at : at + 4])
    if octets[2] == 6:
        made[28:34] = disguise.mac(octets[28:34])
    at = DHCP_AT
    while at < len(octets) and octets[at] != 255:
        if octets[at] == 0:
            at += 1
            continue
        end = at + 2 + (octets[at + 1] if at + 1 < len(octets) else 0)
        if end > len(octets):
            break
        made[at : at + 2] = octets[at : at + 2]
        made[at + 2 : end] = _option(octets[at], octets[at + 2 : end], disguise)
        at = end
    if at < len(octets):
        made[at] = octets[at]
    return bytes(made)


def _option(code: int, held: bytes, disguise: Disguise) -> bytes:
    if code in DHCP_KEPT:
        return held
    if code in DHCP_ADDRESSES and len(held) % 4 == 0:
        return b"".join(disguise.address(held[at : at + 4]) for at in range(0, len(held), 4))
    if code == CLIENT_ID and len(held) == 7:
        return held[:1] + disguise.mac(held[1:])
    return b"x" * len(held) if code == 12 else bytes(len(held))


def ntp(octets: bytes, disguise: Disguise) -> bytes | None:
    """An NTP message whose reference, where it is an address, is another; keys and extensions are zeroed."""
    if not is_ntp(octets):
        return None
    head = {CONTROL: CONTROL_HEADER, PRIVATE: PRIVATE_HEADER}.get(octets[0] & 7, 0)
    if head:
        return octets[:head] + bytes(len(octets) - head)
    reference = disguise.address(octets[12:16]) if octets[1] > 1 else octets[12:16]
    fields = bytearray(octets[HEADER:])
    at = 0
    while len(fields) - at > 68:  # lengths of extension fields, so that they still fill the datagram
        length = int.from_bytes(fields[at + 2 : at + 4], "big")
        if length < 16 or at + length > len(fields):
            break
        fields[at + 4 : at + length] = bytes(length - 4)
        at += length
    fields[at:] = bytes(len(fields) - at)
    return octets[:12] + reference + octets[16:HEADER] + bytes(fields)


READERS: dict[str, Reader] = {"dns": dns, "mdns": dns, "llmnr": dns, "dhcp": dhcp, "ntp": ntp}
"""What rewrites a datagram, by the service of its flow."""
