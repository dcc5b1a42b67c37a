"""Kinds of packets, as a link or a header announces them: ethertypes, and numbers that are none."""

from __future__ import annotations

from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16

SHORT, NO_IP, UNKNOWN_LINK, ENCRYPTED = -1, -2, -3, -4  # why there is no packet

# kinds that are no ethertype: an IP packet of either version; LLC; IP protocols are PROTO + number
RAW_IP, LLC, PROTO = 0x10000, 0x10001, 0x20000
IPV4_TYPE, IPV6_TYPE, VLAN_TYPE, ETHERNET_TYPE, PPP_TYPE, PPPOE_TYPE = 0x0800, 0x86DD, 0x8100, 0x6558, 0x880B, 0x8864


@kernel
def ethertype(octets, at):
    """The type field at `at`; a length announces LLC."""
    kind = be16(octets, at)
    return kind if kind >= 1536 else LLC


@kernel
def after(at, size, end, kind):
    """What begins after a header of `size` octets."""
    return (kind, at + size, end) if end - at >= size else (SHORT, at, end)
