"""Join two tunnel devices by a wide area: each remote address has its own delay and number of hops.

usage: wide_area.py NAMESPACE=DEVICE NAMESPACE=DEVICE PLACES_JSON

The first device leads to the site, the second to the internet. PLACES_JSON maps a remote address to
[one-way milliseconds, hops].
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN_NO_PI = 0x1001
LARGEST = 65535
TYPICAL = (11.0, 9)


def tunnel(device: str, namespace: str) -> int:
    """Make a tunnel device, hand it to a namespace, and return the descriptor of its other end."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN_NO_PI))
    subprocess.run(["ip", "link", "set", device, "netns", namespace], check=True)
    return descriptor


def past_hops(packet: bytes, hops: int) -> bytes | None:
    """Lower an IPv4 packet's TTL by `hops` and mend its header checksum (RFC 1624); None where it runs out."""
    ttl = packet[8] - hops
    if ttl <= 0:
        return None
    total = (~struct.unpack_from("!H", packet, 10)[0] & 0xFFFF) - (hops << 8)
    total %= 0xFFFF  # one's complement arithmetic
    return packet[:8] + bytes([ttl, packet[9]]) + struct.pack("!H", ~total & 0xFFFF) + packet[12:]


def relay(source: int, sink: int, remote_at: int, places: dict[str, list[float]]) -> Callable[[], None]:
    """Return what is to be done when `source` can be read; the remote address stands at octet `remote_at`."""
    loop = asyncio.get_running_loop()

    def carry() -> None:
        packet = os.read(source, LARGEST)
        if packet[0] >> 4 != 4:  # IPv4 only: the stage has no IPv6
            return
        delay, hops = places.get(socket.inet_ntoa(packet[remote_at : remote_at + 4]), TYPICAL)
        aged = past_hops(packet, int(hops))
        if aged is not None:
            loop.call_later(delay / 1000, os.write, sink, aged)

    return carry


async def main(site: str, internet: str, places: dict[str, list[float]]) -> None:
    """Relay until the process is ended."""
    ends = []
    for end in (site, internet):
        namespace, device = end.split("=")
        ends.append(tunnel(device, namespace))
    loop = asyncio.get_running_loop()
    loop.add_reader(ends[0], relay(ends[0], ends[1], 16, places))  # RFC 791: destination address
    loop.add_reader(ends[1], relay(ends[1], ends[0], 12, places))  # RFC 791: source address
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text("utf-8"))))
