"""The octets of a capture become frames: classic pcap records, pcapng blocks, and what Linux puts into a mapped ring.

`form` (int64[FORM_FIELDS]) tells how the octets are laid out; `interfaces` (int64[n, INTERFACE_FIELDS]) what each
interface of a pcapng section, or the one of a classic file or a ring, writes. Source: draft-ietf-opsawg-pcap section 5,
draft-ietf-opsawg-pcapng sections 4.1 to 4.6; Linux, Documentation/networking/packet_mmap.rst and linux/if_packet.h.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.octets import be16_to, copy, le16, le16_to, le32, le32_to, u16, u32

MAX_CAPLEN = 64 << 20  # no link writes a longer frame; a longer claim is damage or malice

# fields of `form`
KIND, LITTLE, RECORD_HEADER = range(3)
FORM_FIELDS = 3
PCAP, PCAPNG, RING = 1, 2, 3

# fields of a row of `interfaces`: ticks become ns by `ticks * MULTIPLY`, or where that is 0 by `ticks // DIVIDE`, or
# where both are 0 by whole seconds of PER_SECOND ticks and their rest
LINK, MULTIPLY, DIVIDE, PER_SECOND, OFFSET_NS, FCS, SNAPLEN, LAST_TICK = range(8)
INTERFACE_FIELDS = 8

# why next_frame returned
FRAME, MORE, BLOCK, BAD = 1, 2, 3, 4

SECTION, INTERFACE, PACKET, SIMPLE, STATISTICS, ENHANCED, SECRETS = 0x0A0D0D0A, 1, 2, 3, 5, 6, 10
NS_PER_S = 1_000_000_000

# struct tpacket3_hdr; its numbers are the machine's, little-endian on all that Linux captures on here
RING_HEADER = 48
NEXT, SECONDS, NANOSECONDS, KEPT, WIRE, STATUS, MAC, VLAN_TCI, VLAN_TPID = 0, 4, 8, 12, 16, 20, 24, 32, 36
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6  # of its status
TAG, ADDRESSES, TPID_8021Q = 4, 12, 0x8100
ON_ETHERNET = 1


@kernel
def nanoseconds(ticks, interfaces, index):
    """Time of a frame in ns since 1970 from the ticks of its interface (if_tsresol, if_tsoffset), -1 past int64."""
    if not 0 <= ticks <= interfaces[index, LAST_TICK]:
        return np.int64(-1)
    multiply = interfaces[index, MULTIPLY]
    if multiply:
        return ticks * multiply + interfaces[index, OFFSET_NS]
    if interfaces[index, DIVIDE]:
        return ticks // interfaces[index, DIVIDE] + interfaces[index, OFFSET_NS]
    rate = interfaces[index, PER_SECOND]
    seconds = ticks // rate
    rest = np.float64(ticks - seconds * rate) / np.float64(rate)
    return seconds * NS_PER_S + np.int64(rest * NS_PER_S) + interfaces[index, OFFSET_NS]


@inlined
def next_pcap(octets, at, end, form, interfaces):
    """The classic record at `at`: (why, next at, start, caplen, origlen, ns, interface)."""
    header = form[RECORD_HEADER]
    if end - at < header:
        return MORE, at, at, 0, 0, 0, 0
    little = form[LITTLE] == 1
    caplen = u32(octets, at + 8, little)
    if caplen > MAX_CAPLEN:
        return BAD, at, at, caplen, 0, 0, 0
    if caplen > end - at - header:
        return MORE, at, at, header + caplen, 0, 0, 0
    ns = u32(octets, at, little) * NS_PER_S + u32(octets, at + 4, little) * interfaces[0, MULTIPLY]
    return FRAME, at + header + caplen, at + header, caplen, u32(octets, at + 12, little), ns, 0


@kernel
def next_pcapng(octets, at, end, form, interfaces):
    """The next packet block from `at` on: (why, next at, start, caplen, origlen, ns, interface).

    Blocks that hold no frame and change nothing are passed over; BLOCK says that the one at `next at` (its length in
    the place of caplen) is for the caller to read.
    """
    little = form[LITTLE] == 1
    while True:
        if end - at < 12:
            return MORE, at, at, 12, 0, 0, 0
        kind = u32(octets, at, little)
        if kind == SECTION:  # its length is in an order of octets that only the block itself tells
            return BLOCK, at, at, 0, 0, 0, 0
        length = u32(octets, at + 4, little)
        if length < 12 or length > MAX_CAPLEN + 4096:
            return BAD, at, at, length, 0, 0, 0
        length = (length + 3) & ~3
        if length > end - at:
            return MORE, at, at, length, 0, 0, 0
        if kind == ENHANCED or kind == PACKET:
            if length < 32:
                return BAD, at, at, length, 0, 0, 0
            index = u32(octets, at + 8, little) if kind == ENHANCED else u16(octets, at + 8, little)
            caplen = u32(octets, at + 20, little)
            if index >= interfaces.shape[0] or caplen > length - 32:
                return BAD, at, at, length, 0, 0, 0
            ticks = u32(octets, at + 12, little) << 32 | u32(octets, at + 16, little)
            ns = nanoseconds(ticks, interfaces, index)
            return FRAME, at + length, at + 28, caplen, u32(octets, at + 24, little), ns, index
        if kind == SIMPLE:
            if length < 16 or interfaces.shape[0] == 0:
                return BAD, at, at, length, 0, 0, 0
            origlen = u32(octets, at + 8, little)
            caplen = min(origlen, length - 16)
            if interfaces[0, SNAPLEN]:
                caplen = min(caplen, interfaces[0, SNAPLEN])
            return FRAME, at + length, at + 12, caplen, origlen, -1, 0
        if kind == INTERFACE or kind == STATISTICS or kind == SECRETS:
            return BLOCK, at, at, length, 0, 0, 0
        at += length


@inlined
def next_ring(octets, at, end, interfaces):
    """The frame of a mapped ring at `at`: (why, next at, start, caplen, origlen, ns, interface).

    A VLAN tag that the kernel took off is put back into the ring first, and the header tells so: a second walk finds
    the frame as the first left it. `octets` has room for the tag before each frame (PACKET_RESERVE).
    """
    if end - at < RING_HEADER:
        return MORE, at, at, RING_HEADER, 0, 0, 0
    step = le32(octets, at + NEXT)
    caplen = le32(octets, at + KEPT)
    start = at + le16(octets, at + MAC)
    following = at + step if step else end  # the last of a block has none
    if following > end or following < at + RING_HEADER or start < at + RING_HEADER or caplen > following - start:
        return BAD, at, at, caplen, 0, 0, 0
    status = le32(octets, at + STATUS)
    origlen = le32(octets, at + WIRE)
    room = start - at - RING_HEADER
    if status & VLAN_VALID and interfaces[0, LINK] == ON_ETHERNET and caplen >= ADDRESSES and room >= TAG:
        start -= TAG
        copy(octets, start, octets, start + TAG, ADDRESSES)
        tpid = le16(octets, at + VLAN_TPID) if status & TPID_VALID else TPID_8021Q
        be16_to(octets, start + ADDRESSES, tpid)
        be16_to(octets, start + ADDRESSES + 2, le32(octets, at + VLAN_TCI) & 0xFFFF)
        caplen += TAG
        origlen += TAG
        le32_to(octets, at + KEPT, caplen)
        le32_to(octets, at + WIRE, origlen)
        le16_to(octets, at + MAC, start - at)
        le32_to(octets, at + STATUS, status & ~VLAN_VALID)
    ns = le32(octets, at + SECONDS) * NS_PER_S + le32(octets, at + NANOSECONDS)
    return FRAME, following, start, caplen, origlen, ns, 0


@inlined
def next_frame(octets, at, end, form, interfaces):
    """The next frame from `at` on, whatever the kind; see next_pcap, next_pcapng and next_ring.

    MORE gives in the place of caplen how many octets the record needs in all; a time of -1 is unknown.
    """
    if form[KIND] == PCAP:
        return next_pcap(octets, at, end, form, interfaces)
    if form[KIND] == RING:
        return next_ring(octets, at, end, interfaces)
    return next_pcapng(octets, at, end, form, interfaces)
