"""Who says by ARP that an address is its own: one row per pair of address and MAC, however many messages there are.

Source: RFC 826; IEEE 802.1Q for tags.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.hashing import mix
from analyzer.kernels.headers import mac48
from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16, be32

CLAIM = np.dtype(
    [("address", "i8"), ("mac", "i8"), ("start_ns", "i8"), ("end_ns", "i8"), ("frame", "i8"), ("messages", "i8")],
    align=True,
)
CLAIMS = 1 << 16  # places; what finds none is left out: a flood of claims tells nothing of a host
TRIES = 16
TAGS = 4
ARP, IPV4, ON_ETHERNET = 0x0806, 0x0800, 1
MESSAGE = 28  # octets, with addresses of Ethernet and IPv4


@kernel
def claim(octets, at, end, row, claims, seed):
    """Note what the ARP message in an Ethernet frame says of its sender; nothing where it is none.

    claims  CLAIM[CLAIMS], zeros before the first
    """
    here = at + 12
    for _ in range(TAGS):
        if end - here < 2:
            return
        kind = be16(octets, here)
        if kind != 0x8100 and kind != 0x88A8 and kind != 0x9100:
            break
        here += 4
    if end - here < 2 + MESSAGE or be16(octets, here) != ARP:
        return
    here += 2
    if be16(octets, here) != ON_ETHERNET or be16(octets, here + 2) != IPV4 or be16(octets, here + 4) != 0x0604:
        return
    mac, address = mac48(octets, here + 8), be32(octets, here + 14)
    if mac == 0 or address == 0:  # a probe claims nothing (RFC 5227 section 2.1.1)
        return
    place = mix(mac ^ address << 16, seed) & (CLAIMS - 1)
    for k in range(TRIES):
        held = claims[(place + k) & (CLAIMS - 1)]
        if held.messages == 0:
            held.address = address
            held.mac = mac
            held.start_ns = row.ts_ns
            held.end_ns = row.ts_ns
            held.frame = row.number
            held.messages = 1
            return
        if held.address == address and held.mac == mac:
            held.start_ns = min(held.start_ns, row.ts_ns)
            held.end_ns = max(held.end_ns, row.ts_ns)
            held.messages += 1
            return
