"""Frames with comments become a pcapng (draft-ietf-opsawg-pcapng sections 3.5, 4.1, 4.2, 4.3 and 4.6)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from analyzer.capturing.container import IF_FCSLEN, IF_FILTER, IF_NAME, IF_TSRESOL, ISB_IFDROP, Interface
from analyzer.printable import printable

END, COMMENT = 0, 1
NANOSECONDS = 9
MOST_COMMENT = 4_000
"""Octets: Wireshark shows a comment as one line."""


class Writer:
    """Writes one section, whose interfaces are those of its frames; times are in ns."""

    def __init__(self, file: BinaryIO, comment: str) -> None:
        self._file = file
        self._interfaces: dict[Interface, int] = {}
        self._block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((COMMENT, _text(comment))))

    def frame(self, interface: Interface, ts_ns: int, octets: bytes, length: int, comment: str) -> None:
        """A frame as it was captured, with what there is to say of it."""
        at = self._interfaces.get(interface)
        if at is None:
            at = self._interfaces[interface] = len(self._interfaces)
            self._interface(interface)
        ticks = min(max(ts_ns, 0), (1 << 64) - 1)
        head = struct.pack("<IIIII", at, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), length)
        self._block(6, head + _padded(octets) + _options((COMMENT, _text(comment))))

    def dropped(self, interface: Interface, count: int) -> None:
        """So many frames were lost where an interface was recorded that has frames here."""
        told = _options((ISB_IFDROP, struct.pack("<Q", count)))
        self._block(5, struct.pack("<III", self._interfaces[interface], 0, 0) + told)

    def _interface(self, interface: Interface) -> None:
        checksum = bytes([interface.fcs_octets]) if interface.fcs_octets else b""
        picked = b"\0" + _text(interface.filter) if interface.filter else b""
        told = (IF_NAME, _text(interface.name)), (IF_TSRESOL, bytes([NANOSECONDS])), (IF_FILTER, picked)
        head = struct.pack("<HHI", interface.link_type, 0, interface.snaplen)
        self._block(1, head + _options(*told, (IF_FCSLEN, checksum)))

    def _block(self, kind: int, body: bytes) -> None:
        length = struct.pack("<I", len(body) + 12)
        self._file.write(struct.pack("<I", kind) + length + body + length)


def _text(text: str) -> bytes:
    """Text that only shows, as UTF-8, not longer than a comment may be."""
    return printable(text).encode("utf-8", "replace")[:MOST_COMMENT].decode("utf-8", "ignore").encode()


def _options(*options: tuple[int, bytes]) -> bytes:
    """Options that are not empty, and their end."""
    held = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options if value]
    return b"".join(held) + struct.pack("<HH", END, 0) if held else b""


def _padded(octets: bytes) -> bytes:
    """Octets up to the next 32 bits."""
    return octets + bytes(-len(octets) % 4)
