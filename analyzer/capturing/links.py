"""What Linux tells of a network interface: the kind of its frames, who stamps them, and whether we may listen to it.

Asked of the kernel by ioctl, not of /sys, which may show another network namespace. Source: netdevice(7),
linux/if_arp.h, linux/net_tstamp.h; the LINKTYPE registry of tcpdump.org.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
import sys
from pathlib import Path

import numpy as np

from analyzer.errors import SourceError

REQUESTS = {
    "flags": 0x8913,
    "hardware": 0x8927,
    "mtu": 0x8921,
    "address": 0x8915,
    "stamping": 0x89B1,
    "ethtool": 0x8946,
}
NAME_OCTETS = 16

LINK_TYPES = {  # by ARPHRD, the kind of hardware
    1: 1, 772: 1, 774: 1,  # Ethernet, loopback, FDDI as Ethernet
    801: 105, 803: 127,  # IEEE 802.11, with radiotap
    512: 101, 519: 101, 65534: 101,  # raw IP: of PPP the kernel hands over no header (ppp_generic), tun has none
}  # fmt: skip

EVERY_FRAME = 1  # HWTSTAMP_FILTER_ALL


def ioctl(asking: socket.socket, what: str, interface: str, rest: bytes = b"") -> bytes:
    """What the kernel answers about an interface, a struct ifreq; OSError where it does not."""
    name = interface.encode()
    if not name or len(name) >= NAME_OCTETS or b"\0" in name:
        raise OSError(errno.ENODEV, "no such interface")
    return fcntl.ioctl(asking, REQUESTS[what], struct.pack("16s24s", name, rest))


def hardware_of(asking: socket.socket, interface: str) -> int:
    """The kind of an interface, as linux/if_arp.h numbers it."""
    return int(struct.unpack_from("H", ioctl(asking, "hardware", interface), 16)[0])


def link_type_of(asking: socket.socket, interface: str) -> int:
    """The link type of its frames; SourceError where there is none that is read here."""
    kind = hardware_of(asking, interface)
    if kind not in LINK_TYPES:
        raise SourceError(interface, f"links of kind {kind} (linux/if_arp.h) are not read here; dumpcap may capture it")
    return LINK_TYPES[kind]


def stamped_by_hardware(asking: socket.socket, interface: str) -> bool:
    """Whether the driver stamps every frame that it receives: it is asked what is switched on, nothing is changed."""
    config = np.zeros(3, np.int32)  # struct hwtstamp_config: flags, what is sent, what is received
    try:
        ioctl(asking, "stamping", interface, struct.pack("P", config.ctypes.data))
    except OSError:
        return False
    return bool(config[2] == EVERY_FRAME)


def rights() -> str:
    """What this process lacks to listen to an interface, and which command grants it; empty where it may."""
    if not hasattr(socket, "AF_PACKET"):
        return ""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        python = Path(sys.executable).resolve()
        return (
            "the right to listen (CAP_NET_RAW) is missing: run it with `sudo`; or let dumpcap capture, after "
            "`sudo usermod -aG wireshark $USER` and a new login; or `sudo setcap cap_net_raw+ep "
            f"{python}`, which lets every user's Python programs listen"
        )
    except OSError:
        return "this system opens no packet sockets"
    return ""
