"""Messages that are known by a check sum over their contents become empty ones with the sum of those.

Source: IEEE C37.118.2-2011 section 6.2; of Radmin see analyzer.dissecting.radmin.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from analyzer.dissecting import radmin, synchrophasor

Emptied = Callable[[bytes, bytes], bytes]
"""What stands for a message, as long as before, with a mark at the end of its contents; all zeros where it is none."""


def _frame(octets: bytes, mark: bytes) -> bytes:
    """A synchrophasor frame: its kind, version and length."""
    if not synchrophasor.is_frame(octets):
        return bytes(len(octets))
    length = int.from_bytes(octets[2:4], "big")
    made = octets[:4] + bytes(length - 6 - len(mark)) + mark
    return (made + binascii.crc_hqx(made, 0xFFFF).to_bytes(2, "big")).ljust(len(octets), b"\0")


def _packet(octets: bytes, mark: bytes) -> bytes:
    """A packet of Radmin: its length, and an octet that is not zero."""
    if not radmin.is_packet(octets):
        return bytes(len(octets))
    length = int.from_bytes(octets[1:5], "big")
    held = (mark or b"\1")[-length:].rjust(length, b"\0")
    words = sum(int.from_bytes(held[at : at + 4], "little") for at in range(0, length, 4)) & 0xFFFFFFFF
    return (octets[:5] + words.to_bytes(4, "big") + held).ljust(len(octets), b"\0")


EMPTIED: dict[str, Emptied] = {synchrophasor.SERVICE: _frame, radmin.SERVICE: _packet}
"""By service."""
