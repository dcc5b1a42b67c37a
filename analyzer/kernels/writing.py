"""Frames become blocks of a pcapng file: Enhanced Packet Blocks whose times are in ns.

Source: draft-ietf-opsawg-pcapng section 4.3.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import copy, le32_to
from analyzer.kernels.records import BLOCK, ENHANCED, FRAME, next_frame

OVERHEAD = 32  # octets of a block beside its frame
FULL = 6  # why write_blocks returned, besides the codes of records


@kernel
def write_blocks(octets, at, end, form, interfaces, numbers, out, used, last_ns):
    """Write the frames from `at` to `end` behind the `used` octets of `out`, as long as there is room.

    numbers   int64[interfaces]: the number that each interface has in the file
    last_ns   time of the frame before, which a frame without a time gets

    Returns (why, at, used, frames, last_ns, need): why is FULL (the frame at `at` needs `need` octets) or what
    next_frame says; blocks without a frame are passed over.
    """
    frames = 0
    while True:
        why, following, start, caplen, origlen, ns, index = next_frame(octets, at, end, form, interfaces)
        if why == BLOCK and caplen > 0:
            at = following + caplen
            continue
        if why != FRAME:
            return why, at, used, frames, last_ns, caplen
        padded = (caplen + 3) & ~3
        if padded + OVERHEAD > out.size - used:
            return FULL, at, used, frames, last_ns, padded + OVERHEAD
        if ns >= 0:
            last_ns = ns
        le32_to(out, used, ENHANCED)
        le32_to(out, used + 4, padded + OVERHEAD)
        le32_to(out, used + 8, numbers[index])
        le32_to(out, used + 12, last_ns >> 32)
        le32_to(out, used + 16, last_ns & 0xFFFFFFFF)
        le32_to(out, used + 20, caplen)
        le32_to(out, used + 24, origlen)
        body = used + 28
        copy(out, body, octets, start, caplen)
        for k in range(body + caplen, body + padded):
            out[k] = np.uint8(0)
        le32_to(out, body + padded, padded + OVERHEAD)
        used += padded + OVERHEAD
        frames += 1
        at = following
