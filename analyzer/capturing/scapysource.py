"""scapy listens to an interface, where neither a ring nor dumpcap nor tcpdump is to be had; it comes as a pcap stream.

A few thousand frames a second are what it keeps up with; how many are lost beyond that it does not tell.
"""

from __future__ import annotations

import math
import os
import select
import struct
import threading
import time
from contextlib import suppress
from typing import Any

from analyzer.capturing.container import NANOSECONDS, NS_PER_S
from analyzer.capturing.links import rights
from analyzer.capturing.ring import SNAPLEN, Counts
from analyzer.capturing.source import widen
from analyzer.errors import SourceError
from analyzer.printable import printable

LIMITS = "scapy keeps up with a few thousand frames a second, and does not tell how many it lost"
LINK_TYPES = {"Ether": 1, "Dot3": 1, "IP": 101, "IPv6": 101, "Dot11": 105, "CookedLinux": 113, "RadioTap": 127}
"""Of the LINKTYPE registry, by scapy's layer."""

LOOK_S = 0.2
"""After so long without a frame the thread looks whether it is to end."""

LAST_S = 0.5
"""How long what has passed by then may take at the end."""


class ScapySource:
    """An interface that scapy listens to; a `Readable` for buffers. `path` is its name."""

    def __init__(
        self,
        interface: str,
        *,
        filter: str = "",  # noqa: A002 - the field's word
        promiscuous: bool = True,
    ) -> None:
        """Listen; SourceError where scapy may not, which tells what grants the right, or there is no such interface."""
        self.path = interface
        self._failed = ""
        self._ending = threading.Event()
        try:
            self._socket, link_type = _opened(interface, filter, promiscuous=promiscuous)
        except Exception as why:  # scapy raises what the system, libpcap or its own filters do
            missing = rights() if isinstance(why, PermissionError) else ""
            said = missing or f"scapy cannot listen ({printable(str(why) or type(why).__name__)})"
            raise SourceError(interface, said) from why
        self._out, self._in = os.pipe()
        widen(self._in)
        os.write(self._in, struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, SNAPLEN, link_type))
        self._thread = threading.Thread(target=self._listen, name="capture-scapy", daemon=True)
        self._thread.start()

    def readinto(self, view: memoryview) -> int:
        """Octets of the stream, 0 at its end; SourceError where scapy fails."""
        octets = os.readv(self._out, [view]) if self._out >= 0 else 0
        if not octets and self._failed:
            raise SourceError(self.path, f"scapy: {self._failed}")
        return octets

    def counts(self) -> Counts | None:
        """Nothing: what was lost is not known."""
        return None

    def stop(self) -> None:
        """End the stream after the frames that have passed."""
        self._ending.set()

    def close(self) -> None:
        """End it."""
        self.stop()
        with suppress(OSError):  # it may wait for room
            while self._thread.is_alive() and select.select([self._out], [], [], LOOK_S)[0]:
                if not os.read(self._out, 1 << 16):
                    break
        self._thread.join()
        if self._out >= 0:
            os.close(self._out)
            self._out = -1

    def _listen(self) -> None:
        """Write each frame to the pipe, until told to end or nobody reads; runs in a thread."""
        until = math.inf
        try:
            while time.monotonic() < until:
                ending = self._ending.is_set()
                until = min(until, time.monotonic() + LAST_S) if ending else until
                if not select.select([self._socket], [], [], 0 if ending else LOOK_S)[0]:
                    if ending:
                        break
                    continue
                _, octets, seconds = self._socket.recv_raw(SNAPLEN)
                if octets:
                    _write(self._in, _record(octets, seconds))
        except Exception as why:  # noqa: BLE001 - what a driver, libpcap or scapy raises is told to who reads
            self._failed = printable(str(why) or type(why).__name__)
        finally:
            os.close(self._in)
            with suppress(Exception):
                self._socket.close()


def _opened(interface: str, expression: str, *, promiscuous: bool) -> tuple[Any, int]:
    """Scapy's socket, and the link type of its frames."""
    import scapy.arch  # noqa: PLC0415 - half a second, only for whom it serves
    import scapy.layers.l2  # noqa: F401, PLC0415 - makes link types known
    from scapy.config import conf  # noqa: PLC0415

    if not interface:  # scapy would take one of its choice
        raise ValueError("no such interface")
    listening = conf.L2listen(iface=interface, filter=expression or None, promisc=promiscuous)
    layer = getattr(getattr(listening, "LL", None), "__name__", "Ether")
    if layer not in LINK_TYPES:
        listening.close()
        raise ValueError(f"frames that scapy calls {layer} are not read here")
    return listening, LINK_TYPES[layer]


def _record(octets: bytes, seconds: float | None) -> bytes:
    """A classic record whose time is in ns."""
    ns = time.time_ns() if seconds is None else int(seconds * NS_PER_S)
    return struct.pack("<IIII", *divmod(ns, NS_PER_S), len(octets), len(octets)) + octets


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
