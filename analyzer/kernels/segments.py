"""What a segment or datagram tells of who sent it: options of its SYN, its checksum, a print of its payload, its size.

Source: RFC 9293 sections 3.1 and 3.2; RFC 768; RFC 1071; RFC 8200 section 8.1 (pseudo header).
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.flows import BAD_CHECKSUMS, CHECKSUMS, PARTIAL_CHECKSUMS
from analyzer.kernels.hashing import stirred
from analyzer.kernels.headers import TCP
from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16, be64, u8

COMMON_MSS = 1460  # of Ethernet; what is larger is looked at
LARGEST_MSS = 9216 - 40  # of the largest frames that switches commonly carry
PRINTED = 64  # octets of a payload
CHECKED = (
    4  # packets of each side whose checksum is computed: what a host leaves to its network card shows in the first
)


@kernel
def mss_of(octets, row):
    """The MSS that a SYN announces (option 2 of 4 octets), -1 without one. The header was kept as far as it is read."""
    end = row.transport_at + min((u8(octets, row.transport_at + 12) >> 4) * 4, row.transport_kept)
    at = row.transport_at + 20
    while at < end:
        kind = u8(octets, at)
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        if end - at < 2 or u8(octets, at + 1) < 2:
            break
        if kind == 2 and u8(octets, at + 1) == 4 and end - at >= 4:
            return be16(octets, at + 2)
        at += u8(octets, at + 1)
    return np.int64(-1)


@kernel
def is_super(row, other):
    """Whether a segment is larger than its receiver takes, so that a network card or driver joined several: 1 or 0."""
    if row.proto != TCP:
        return 0
    most = other.mss if other.mss > 0 else LARGEST_MSS
    return 1 if row.payload > most else 0


@kernel
def payload_print(octets, row):
    """A hash of a payload's first octets, the same in every run; never 0."""
    value = np.int64(row.payload)
    kept = min(row.payload_kept, PRINTED)
    for k in range(0, kept - 7, 8):
        value = stirred(value, be64(octets, row.payload_at + k))
    for k in range(kept - kept % 8, kept):
        value = stirred(value, u8(octets, row.payload_at + k))
    return value if value != 0 else np.int64(1)


@kernel
def check(octets, row, counters):
    """Compute the transport checksum of a packet that was kept whole, and count it as right, wrong or partial.

    Partial is one that holds the sum of the pseudo header alone: the network card was to complete it.
    """
    length = row.payload_at - row.transport_at + row.payload
    at = row.transport_at
    held_at = at + (16 if row.proto == TCP else 6)
    if row.lean or row.transport_kept < length or length < 8:
        return
    held = be16(octets, held_at)
    if row.proto != TCP and held == 0:  # RFC 768: the sender computed none
        return
    pseudo = words(row.src_hi, row.version) + words(row.dst_hi, row.version) + length + row.proto
    pseudo += low_words(row.src_lo, row.version) + low_words(row.dst_lo, row.version)
    total = pseudo
    for k in range(0, length - 1, 2):
        total += be16(octets, at + k)
    if length & 1:
        total += u8(octets, at + length - 1) << 8
    counters[CHECKSUMS] += 1
    if folded(total) == 0xFFFF:
        return
    counters[BAD_CHECKSUMS] += 1
    if folded(pseudo) == held:
        counters[PARTIAL_CHECKSUMS] += 1


@kernel
def folded(total):
    """A sum of 16 bit words with its carries added in (RFC 1071 section 2)."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@kernel
def words(half, version):
    """The sum of the 16 bit words of an address's upper half; IPv4 has none."""
    if version == 4:
        return np.int64(0)
    return (half & 0xFFFF) + (half >> 16 & 0xFFFF) + (half >> 32 & 0xFFFF) + (half >> 48 & 0xFFFF)


@kernel
def low_words(half, version):
    """The sum of the 16 bit words of an address's lower half; of IPv4 the address itself."""
    if version == 4:
        return (half & 0xFFFF) + (half >> 16 & 0xFFFF)
    return words(half, version)
