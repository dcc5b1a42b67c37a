"""Capture files from frames: classic pcap and pcapng in all their forms, octet by octet."""

from __future__ import annotations

import struct
from typing import NamedTuple

from hypothesis import strategies as st

MICROSECONDS, NANOSECONDS, KUZNETZOV = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
SECOND = 1_000_000_000


class Shot(NamedTuple):
    """A frame as it is to be written."""

    ts_ns: int
    octets: bytes
    origlen: int | None = None

    @property
    def wire(self):
        """Octets on the wire."""
        return len(self.octets) if self.origlen is None else self.origlen


def pcap(shots, *, order="<", magic=MICROSECONDS, link=1, snaplen=262144):
    """A classic pcap file."""
    per_tick = 1 if magic == NANOSECONDS else 1000
    made = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for shot in shots:
        seconds, rest = divmod(shot.ts_ns, SECOND)
        made.append(struct.pack(order + "IIII", seconds, rest // per_tick, len(shot.octets), shot.wire))
        made.append(b"\0" * 8 if magic == KUZNETZOV else b"")
        made.append(shot.octets)
    return b"".join(made)


def block(order, kind, body):
    """A pcapng block."""
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(order, code, value):
    """An option of a block."""
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order="<"):
    """A section header block."""
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order="<", link=1, snaplen=0, options=()):
    """An interface description block."""
    body = struct.pack(order + "HHI", link, 0, snaplen)
    return block(order, 1, body + b"".join(option(order, *one) for one in options))


def enhanced(shot, order="<", index=0, ticks=None):
    """An enhanced packet block; times are µs unless `ticks` says otherwise."""
    ticks = shot.ts_ns // 1000 if ticks is None else ticks
    head = struct.pack(order + "IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(shot.octets), shot.wire)
    return block(order, 6, head + shot.octets + b"\0" * (-len(shot.octets) % 4))


def simple(shot, order="<"):
    """A simple packet block, which has no time."""
    return block(order, 3, struct.pack(order + "I", shot.wire) + shot.octets)


def obsolete(shot, order="<", index=0):
    """A packet block of the first pcapng drafts."""
    ticks = shot.ts_ns // 1000
    head = struct.pack(order + "HHIIII", index, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(shot.octets), shot.wire)
    return block(order, 2, head + shot.octets + b"\0" * (-len(shot.octets) % 4))


def statistics(order="<", index=0, options=()):
    """An interface statistics block; options are (code, count)."""
    packed = b"".join(option(order, code, struct.pack(order + "Q", count)) for code, count in options)
    return block(order, 5, struct.pack(order + "III", index, 0, 0) + packed)


def pcapng(shots, *, order="<", link=1):
    """A pcapng file of one section and one interface."""
    return section(order) + interface(order, link) + b"".join(enhanced(shot, order) for shot in shots)


def shots(most=12, octets=120):
    """Frames of any octets, at times that a µs clock can tell."""
    times = st.integers(0, 4_000_000_000_000_000).map(lambda us: us * 1000)
    return st.lists(st.builds(Shot, times, st.binary(max_size=octets), st.none()), max_size=most)


orders = st.sampled_from("<>")
