"""The network interfaces of this machine, with what each may be used for.

On Linux the kernel is asked (netdevice(7), ethtool's ioctl of linux/ethtool.h); elsewhere dumpcap lists them.
"""

from __future__ import annotations

import re
import socket
import struct
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from shutil import which

import numpy as np

from analyzer.capturing.links import LINK_TYPES, hardware_of, ioctl, rights
from analyzer.errors import SourceError
from analyzer.printable import printable

UP, LOOPBACK, RUNNING, PROMISCUOUS = 1, 8, 0x40, 0x100
GET_FLAGS, LARGE_RECEIVE = 0x25, 1 << 15  # ETHTOOL_GFLAGS, ETH_FLAG_LRO
GET_GRO = 0x2B

KINDS = {
    1: "ethernet",
    772: "loopback",
    801: "wireless, monitor",
    803: "wireless, monitor",
    512: "ppp",
    65534: "tunnel",
}
LISTED = re.compile(r"\d+\. (\S+)(?: \((.*)\))?")
WAIT_S = 20


@dataclass(frozen=True)
class Interface:
    """A network interface.

    kind         ethernet, bridge, wireless, veth, loopback, tunnel, …, or the number of linux/if_arp.h
    up           switched on;  carrier: and connected
    link_type    of its frames, as the LINKTYPE registry numbers them; None where they are not read here
    mtu          octets of a packet, 0 where it is not told
    promiscuous  whether some program has it hand over what is meant for others
    ring         whether a mapped ring can listen to it, and if not, `why`
    note         what is odd in what it will show; empty where nothing is
    """

    name: str
    index: int
    kind: str
    up: bool
    carrier: bool
    addresses: tuple[str, ...]
    link_type: int | None
    mtu: int
    promiscuous: bool
    ring: bool
    why: str
    note: str


def interfaces() -> list[Interface]:
    """Every interface, in the order of the system; SourceError where they cannot be listed."""
    if not hasattr(socket, "AF_PACKET"):
        return _listed_by_dumpcap()
    missing = rights()
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for index, name in socket.if_nameindex():
            with suppress(OSError):  # it left meanwhile
                found.append(_described(asking, index, name, missing))
    return found


def _described(asking: socket.socket, index: int, name: str, missing: str) -> Interface:
    hardware = hardware_of(asking, name)
    flags = struct.unpack_from("H", ioctl(asking, "flags", name), 16)[0]
    link_type = LINK_TYPES.get(hardware)
    why = missing or ("" if link_type is not None else f"links of kind {hardware} are not read here")
    if not why and not flags & UP:
        why = f"is down; `ip link set dev {name} up` brings it up"
    return Interface(
        name=name,
        index=index,
        kind=_kind(name, hardware),
        up=bool(flags & UP),
        carrier=bool(flags & RUNNING),
        addresses=_addresses(asking, name),
        link_type=link_type,
        mtu=struct.unpack_from("i", ioctl(asking, "mtu", name), 16)[0],
        promiscuous=bool(flags & PROMISCUOUS),
        ring=not why,
        why=why,
        note=_note(asking, name, flags),
    )


def _kind(name: str, hardware: int) -> str:
    """What it is: as /sys tells where it shows this interface, else by its hardware."""
    told = ""
    with suppress(OSError):
        lines = Path(f"/sys/class/net/{name}/uevent").read_text().splitlines()
        told = next((line.removeprefix("DEVTYPE=") for line in lines if line.startswith("DEVTYPE=")), "")
    return {"wlan": "wireless"}.get(told, told) or KINDS.get(hardware, f"kind {hardware}")


def _addresses(asking: socket.socket, name: str) -> tuple[str, ...]:
    """Its first IPv4 address and all IPv6 addresses."""
    found = []
    with suppress(OSError):
        found.append(str(IPv4Address(ioctl(asking, "address", name)[20:24])))
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/thread-self/net/if_inet6").read_text().splitlines()]
        found += [str(IPv6Address(bytes.fromhex(row[0]))) for row in rows if row[-1] == name]
    return tuple(found)


def _note(asking: socket.socket, name: str, flags: int) -> str:
    """What makes its frames others than those on the wire."""
    if flags & LOOPBACK:
        return "this machine's talk with itself, whose packets are larger than any wire's"
    joined = [word for word, on in (("GRO", _ethtool(asking, name, GET_GRO)), ("LRO", _lro(asking, name))) if on]
    if not joined:
        return ""
    what = " and ".join(joined)
    return f"segments are joined before they are seen ({what}); `ethtool -K {name} gro off lro off` ends that"


def _lro(asking: socket.socket, name: str) -> int:
    return _ethtool(asking, name, GET_FLAGS) & LARGE_RECEIVE


def _ethtool(asking: socket.socket, name: str, command: int) -> int:
    """A struct ethtool_value, 0 where the driver does not tell."""
    value = np.array([command, 0], np.uint32)
    with suppress(OSError):
        ioctl(asking, "ethtool", name, struct.pack("P", value.ctypes.data))
        return int(value[1])
    return 0


def _listed_by_dumpcap() -> list[Interface]:
    """What `dumpcap -D` lists; what it does not tell is taken for the usual."""
    program = which("dumpcap")
    if program is None:
        raise SourceError("interfaces", "cannot be listed: dumpcap is not installed")
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            [program, "-D"], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as why:
        raise SourceError("interfaces", f"cannot be listed ({printable(str(why))})") from why
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    named = [hit for hit in map(LISTED.fullmatch, lines) if hit]
    if not named:
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise SourceError("interfaces", printable(said[-1]) if said else "dumpcap lists none")
    return [
        Interface(hit[1], number, hit[2] or "interface", True, True, (), None, 0, False, False, "Linux only", "")
        for number, hit in enumerate(named, 1)
    ]
