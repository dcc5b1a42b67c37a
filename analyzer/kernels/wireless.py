"""IEEE 802.11 frames, with or without the header that a monitoring driver puts before them.

Returns are those of links.py. Source: IEEE 802.11-2020 section 9.3.2 (data frames); radiotap.org; the LINKTYPE registry
of tcpdump.org for Prism, AVS and PPI.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import kernel
from analyzer.kernels.kinds import ENCRYPTED, ETHERNET_TYPE, LLC, NO_IP, SHORT, UNKNOWN_LINK, after
from analyzer.kernels.octets import be16, be32, le16, le32, u8

ETHERNET, IEEE_802_11, PRISM, RADIOTAP, AVS, PPI = 1, 105, 119, 127, 163, 192


@kernel
def wireless(octets, at, end, padded, row):
    """An IEEE 802.11 frame: data frames that are neither encrypted nor parts of one hold LLC."""
    if end - at < 2:
        return SHORT, at, end
    control = u8(octets, at)
    flags = u8(octets, at + 1)
    if control & 0x0F != 0x08 or control & 0x40:
        return NO_IP, at, end
    size = 30 if flags & 3 == 3 else 24
    source = at + (24 if flags & 3 == 3 else 16 if flags & 2 else 10)
    several = False
    if control & 0x80:
        if end - at < size + 2:
            return SHORT, at, end
        several = u8(octets, at + size) & 0x80 > 0
        size += 6 if flags & 0x80 else 2
    if padded:
        size = (size + 3) & ~3
    if end - at < size:
        return SHORT, at, end
    if flags & 0x40:
        return ENCRYPTED, at, end
    if flags & 0x04 or u8(octets, at + 22) & 0x0F:
        return NO_IP, at, end
    row.mac_at = source
    at += size
    if several:  # the first of several frames in one
        if end - at < 14:
            return SHORT, at, end
        row.mac_at = at + 6
        return LLC, at + 14, min(end, at + 14 + be16(octets, at + 12))
    return LLC, at, end


@kernel
def radiotap(octets, at, end, cut, row):
    """The radiotap header: its length, and its flags, which tell of a trailing FCS and of padding."""
    if end - at < 8:
        return SHORT, at, end
    size = le16(octets, at + 2)
    if size < 8 or end - at < size:
        return SHORT, at, end
    present = le32(octets, at + 4)
    place = at + 8
    more = present
    while more & 0x80000000 and place + 4 <= at + size:
        more = le32(octets, place)
        place += 4
    flags = np.int64(0)
    if present & 1:
        place = at + ((place - at + 7) & ~7) + 8
    if present & 2 and place < at + size:
        flags = u8(octets, place)
    at += size
    if flags & 0x10 and end - at >= 4 and cut == 0:
        end -= 4
    return wireless(octets, at, end, flags & 0x20 > 0, row)


@kernel
def monitored(octets, at, end, cut, kind, row):
    """IEEE 802.11 with or without a header of the monitor."""
    if kind == RADIOTAP:
        return radiotap(octets, at, end, cut, row)
    if end - at < 8:
        return SHORT, at, end
    if kind == PPI:
        size = le16(octets, at + 2)
        inner = le32(octets, at + 4)
        if inner == ETHERNET:
            return after(at, size, end, ETHERNET_TYPE)
        if inner != IEEE_802_11:
            return UNKNOWN_LINK, at, end
    elif kind == PRISM:
        size = le32(octets, at + 4)
        if size > 0xFFFF:
            size = be32(octets, at + 4)
    else:
        size = be32(octets, at + 4)
    if size < 8 or end - at < size:
        return SHORT, at, end
    return wireless(octets, at + size, end, False, row)
