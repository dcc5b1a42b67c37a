"""The headers of a capture file become what the sweep needs to know: byte order, link type, resolution, drops.

Source: draft-ietf-opsawg-pcap section 4, draft-ietf-opsawg-pcapng sections 3.5, 4.1, 4.2 and 4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from typing import Literal

from analyzer.capturing.foreign import seems
from analyzer.errors import SourceError

PCAP_HEADER = 24
NS_PER_S = 1_000_000_000
INT64 = (1 << 63) - 1

MICROSECONDS = 0xA1B2C3D4
NANOSECONDS = 0xA1B23C4D
KUZNETZOV = 0xA1B2CD34
"""Alexey Kuznetsov's variant of libpcap, once shipped by Linux distributions: eight more octets in a record header."""

RECORD_HEADERS = {MICROSECONDS: 16, NANOSECONDS: 16, KUZNETZOV: 24}

SECTION = b"\x0a\x0d\x0d\x0a"
ORDER = 0x1A2B3C4D

FCS_PRESENT = 1 << 26
LINK_TYPE = FCS_PRESENT - 1

IF_NAME, IF_TSRESOL, IF_FILTER, IF_FCSLEN, IF_TSOFFSET = 2, 9, 11, 13, 14
MAX_FILTER = 200
ISB_IFRECV, ISB_IFDROP, ISB_OSDROP = 4, 5, 7


@dataclass(frozen=True)
class Container:
    """How a capture file is laid out.

    kind           "pcap" or "pcapng"
    little         its numbers are little-endian (pcapng: of the first section)
    header_octets  where the first record begins; 0 for pcapng, whose sections are blocks themselves
    record_header  octets of a record's header, 0 for pcapng
    nanoseconds    classic only: the second time field counts ns, not µs
    link_type      classic only; snaplen and fcs_octets too: octets of a frame kept at most, and of its checksum
    """

    kind: Literal["pcap", "pcapng"]
    little: bool
    header_octets: int = 0
    record_header: int = 0
    nanoseconds: bool = False
    link_type: int = 0
    snaplen: int = 0
    fcs_octets: int = 0

    @property
    def interface(self) -> Interface:
        """A classic capture's one interface."""
        return Interface(self.link_type, self.snaplen, (1 if self.nanoseconds else 1000, 1), fcs_octets=self.fcs_octets)


@dataclass(frozen=True)
class Interface:
    """An interface of a capture; a time in ns is `ticks * ns_per_tick[0] // ns_per_tick[1] + offset_ns`."""

    link_type: int
    snaplen: int
    ns_per_tick: tuple[int, int] = (1000, 1)
    offset_ns: int = 0
    name: str = ""
    fcs_octets: int = 0
    filter: str = ""


@dataclass(frozen=True)
class Statistics:
    """What an interface counted: frames received, and lost to the system; None where it does not tell."""

    interface: int
    received: int | None
    dropped: int | None


def sniff(head: bytes, path: str) -> Container:
    """How the capture that begins with `head` (24 octets are enough) is laid out.

    Raises SourceError, which says what it is instead and how to convert it, where it is no capture.
    """
    if head.startswith(SECTION):
        try:
            return Container("pcapng", parse_section(head))
        except ValueError as why:
            raise SourceError(path, str(why)) from why
    for order in ("little", "big"):
        magic = int.from_bytes(head[:4], order)
        if magic in RECORD_HEADERS:
            if len(head) < PCAP_HEADER:
                raise SourceError(path, f"a pcap header has {PCAP_HEADER} octets, this file ends after {len(head)}")
            return _classic(head, order, magic)
    raise SourceError(path, seems(head))


def _classic(head: bytes, order: Literal["little", "big"], magic: int) -> Container:
    link = int.from_bytes(head[20:24], order)
    return Container(
        kind="pcap",
        little=order == "little",
        header_octets=PCAP_HEADER,
        record_header=RECORD_HEADERS[magic],
        nanoseconds=magic == NANOSECONDS,
        link_type=link & LINK_TYPE,
        snaplen=int.from_bytes(head[16:20], order),
        fcs_octets=2 * (link >> 28) if link & FCS_PRESENT else 0,
    )


def parse_section(block: bytes) -> bool:
    """Whether the numbers of this section (its header block, or the first 12 octets of it) are little-endian.

    Raises ValueError where it is no section header.
    """
    if len(block) < 12:
        raise ValueError("a pcapng section header has 28 octets, this file ends inside it")
    if block[8:12] == ORDER.to_bytes(4, "little"):
        return True
    if block[8:12] == ORDER.to_bytes(4, "big"):
        return False
    raise ValueError("looks like pcapng, but its byte-order magic is neither order's")


def parse_interface(block: bytes, little: bool) -> Interface:
    """What an Interface Description Block says; ValueError where it is too short to say anything."""
    if len(block) < 20:
        raise ValueError(f"an interface description block of {len(block)} octets")
    order: Literal["little", "big"] = "little" if little else "big"
    options = dict(_options(block[16:-4], order))
    name = options.get(IF_NAME, b"")[:256].decode("utf-8", "replace").rstrip("\0")
    offset = int.from_bytes(options.get(IF_TSOFFSET, b"")[:8], order, signed=True) * NS_PER_S
    resolution = options.get(IF_TSRESOL, b"\x06")
    return Interface(
        link_type=int.from_bytes(block[8:10], order),
        snaplen=int.from_bytes(block[12:16], order),
        ns_per_tick=_ns_per_tick(resolution[0] if resolution else 6),
        offset_ns=max(-INT64, min(offset, INT64)),
        name=name,
        fcs_octets=_fcs_octets(options.get(IF_FCSLEN, b"")),
        filter=_filter(options.get(IF_FILTER, b"")),
    )


def _filter(option: bytes) -> str:
    """if_filter: the expression with which the interface was captured, or that there is one (draft section 4.2)."""
    if not option:
        return ""
    return option[1:].decode("utf-8", "replace")[:MAX_FILTER] if option[0] == 0 else "a program"


def _ns_per_tick(resolution: int) -> tuple[int, int]:
    """if_tsresol as a fraction; what is finer than 64 bit can count since 1970 is read as the finest that fits."""
    exponent = resolution & 0x7F
    rate = 1 << min(exponent, 62) if resolution & 0x80 else 10 ** min(exponent, 27)
    common = gcd(NS_PER_S, rate)
    return NS_PER_S // common, rate // common


def _fcs_octets(option: bytes) -> int:
    """if_fcslen: the draft says bits and gives 4 as its example; Wireshark writes and reads octets."""
    length = option[0] if option else 0
    return length if length <= 8 else length // 8


def parse_statistics(block: bytes, little: bool) -> Statistics:
    """What an Interface Statistics Block counts; ValueError where it is too short to name an interface."""
    if len(block) < 24:
        raise ValueError(f"an interface statistics block of {len(block)} octets")
    order: Literal["little", "big"] = "little" if little else "big"
    counts = {code: int.from_bytes(value[:8], order) for code, value in _options(block[20:-4], order)}
    drops = [counts[code] for code in (ISB_IFDROP, ISB_OSDROP) if code in counts]
    return Statistics(int.from_bytes(block[8:12], order), counts.get(ISB_IFRECV), sum(drops) if drops else None)


def _options(octets: bytes, order: Literal["little", "big"]) -> Iterator[tuple[int, bytes]]:
    """The options of a block, as code and value, up to the end mark or the first that does not fit."""
    at = 0
    while at + 4 <= len(octets):
        code = int.from_bytes(octets[at : at + 2], order)
        length = int.from_bytes(octets[at + 2 : at + 4], order)
        at += 4
        if code == 0 or at + length > len(octets):
            return
        yield code, octets[at : at + length]
        at += length + -length % 4
