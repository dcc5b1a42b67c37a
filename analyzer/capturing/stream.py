"""A capture as a file that Python reads, and frame by frame: for the few frames that one looks at, not for all.

Source: draft-ietf-opsawg-pcap section 5, draft-ietf-opsawg-pcapng sections 4.1 to 4.4 and appendix A.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from analyzer.capturing.container import (
    NS_PER_S,
    PCAP_HEADER,
    Container,
    Interface,
    parse_interface,
    parse_section,
    sniff,
)
from analyzer.capturing.source import Source, open_source

SECTION_BLOCK, INTERFACE_BLOCK, PACKET_BLOCK, SIMPLE_BLOCK, ENHANCED_BLOCK = 0x0A0D0D0A, 1, 2, 3, 6
LONGEST = 1 << 26
"""Octets of a block or frame; what claims to be longer is where a file breaks."""

Order = Literal["little", "big"]


class Frame(NamedTuple):
    """A frame: its number over all captures and within its own, from 1, its time, octets kept and on the wire."""

    number: int
    path: str
    own: int
    interface: Interface
    ts_ns: int
    octets: bytes
    length: int


class _Plain(io.RawIOBase):
    """A source as a file."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, view: Any) -> int:
        """Octets into a buffer; 0 at the end."""
        return self._source.readinto(memoryview(view).cast("B"))


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """A capture's octets, unpacked where need be; raises SourceError where it cannot be opened."""
    with open_source(path) as source:
        yield io.BufferedReader(_Plain(source), 1 << 16)


def frames(paths: Sequence[str]) -> Iterator[Frame]:
    """The frames of captures, in order, numbered as all of them together; a broken file ends where it breaks.

    Raises SourceError where a file is no capture.
    """
    number = 0
    for path in paths:
        with opened(path) as file:
            container = sniff(file.peek(64)[:64], path)
            found = _classic(file, container) if container.kind == "pcap" else _blocks(file)
            for own, (interface, ts_ns, octets, length) in enumerate(found, 1):
                number += 1
                yield Frame(number, path, own, interface, ts_ns, octets, length)


Found = tuple[Interface, int, bytes, int]


def _classic(file: io.BufferedReader, container: Container) -> Iterator[Found]:
    """The records of a pcap."""
    order: Order = "little" if container.little else "big"
    file.read(PCAP_HEADER)
    interface = container.interface
    while len(head := file.read(container.record_header)) == container.record_header:
        seconds, part, kept, length = (int.from_bytes(head[at : at + 4], order) for at in (0, 4, 8, 12))
        octets = file.read(kept) if kept <= LONGEST else b""
        if len(octets) < kept:
            return
        yield interface, seconds * NS_PER_S + part * interface.ns_per_tick[0], octets, length


def _blocks(file: io.BufferedReader) -> Iterator[Found]:
    """The packet blocks of a pcapng."""
    order: Order = "little"
    interfaces: list[Interface] = []
    while len(head := file.read(12)) == 12:
        if head[:4] == SECTION_BLOCK.to_bytes(4, "big"):
            try:
                order = "little" if parse_section(head) else "big"
            except ValueError:
                return
            interfaces = []
        length = int.from_bytes(head[4:8], order)
        padded = length + -length % 4
        block = head + file.read(padded - 12) if 12 <= length <= LONGEST else b""
        if len(block) < max(padded, 12):
            return
        kind = int.from_bytes(block[:4], order)
        if kind == INTERFACE_BLOCK:
            try:
                interfaces.append(parse_interface(block[:length], order == "little"))
            except ValueError:
                return
        elif (found := _packet(kind, block[8 : length - 4], order, interfaces)) is not None:
            yield found


def _packet(kind: int, body: bytes, order: Order, interfaces: Sequence[Interface]) -> Found | None:
    """A packet block; None for another block, or one of an interface that is not there."""

    def word(at: int, octets: int = 4) -> int:
        return int.from_bytes(body[at : at + octets], order)

    if kind == SIMPLE_BLOCK and interfaces:
        length = word(0)
        kept = min(length, interfaces[0].snaplen or length, len(body) - 4)
        return interfaces[0], 0, body[4 : 4 + kept], length
    if kind not in (ENHANCED_BLOCK, PACKET_BLOCK) or len(body) < 20:
        return None
    index = word(0) if kind == ENHANCED_BLOCK else word(0, 2)
    if index >= len(interfaces):
        return None
    multiply, divide = interfaces[index].ns_per_tick
    ts_ns = (word(4) << 32 | word(8)) * multiply // divide + interfaces[index].offset_ns
    return interfaces[index], ts_ns, body[20 : 20 + word(12)], word(16)
