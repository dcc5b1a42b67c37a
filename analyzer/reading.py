"""One capture on its way through the sweep: its container is read, its frames are swept, what is odd is noted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from analyzer.capturing.buffers import Buffers
from analyzer.capturing.container import Container, Interface, parse_interface, parse_section, parse_statistics, sniff
from analyzer.iana import link_type_name
from analyzer.kernels import records as rc
from analyzer.kernels.links import WITHOUT_IP
from analyzer.metering.sweep import Sweep

Array = npt.NDArray[Any]


class Stream(Protocol):
    """Octets as a capture file has them: a file, a pipe, what a program writes.

    path      as it was named
    consumed  octets read so far       cut  why they end before they should, empty where they do not
    """

    path: str
    cut: str

    @property
    def consumed(self) -> int:
        """Octets read so far."""

    def readinto(self, view: memoryview) -> int:
        """Octets read into `view`, 0 at the end."""

    def close(self) -> None:
        """Ends it."""


Guard = AbstractContextManager[Any]
Tee = Callable[[Array, int, int, Array, Array], None]
"""Takes octets from one offset to another, with the form and the interfaces that tell how to read them."""

INT64 = 2**63 - 1
FREE: Guard = nullcontext()


class Reading:
    """One capture on its way through the sweep.

    path, kind  as it was named; pcap, pcapng, or live where frames come from an interface
    cut         what ended it early, empty where nothing did
    remark      what else is to be told of it
    steady      its begin is the one that was told first, in begun_ns, whatever becomes of the clock
    tee         what takes the frames once they were swept
    """

    def __init__(self, path: str, sweep: Sweep) -> None:
        self.path = path
        self.kind = "live"
        self.sweep = sweep
        self.links: dict[str, bool] = {}  # by name, whether it may hold IP
        self.drops: dict[tuple[int, int], int] = {}
        self.filters: dict[str, None] = {}
        self.sections = 0
        self.secrets = False
        self.cut = ""
        self.remark = ""
        self.steady = False
        self.begun_ns = 0
        self.tee: Tee | None = None
        self.form = np.zeros(rc.FORM_FIELDS, np.int64)
        self.interfaces = np.zeros((0, rc.INTERFACE_FIELDS), np.int64)

    def run(self, source: Stream, progress: Callable[[int], None], guard: Guard = FREE, tee: Tee | None = None) -> None:
        """Sweep a source to its end, or to what ends it early; `cut` then says why.

        progress  is called after each buffer with the octets read       guard  is held while a buffer is swept
        tee       takes what was swept, in the order of the capture
        """
        self.tee = tee
        with Buffers(source) as buffers:
            octets, end, ended = buffers.next(0)
            while end < 24 and not ended:
                octets, end, ended = buffers.next(end)
            container = sniff(octets[:end].tobytes()[:64], source.path)
            self._begin(container)
            at = container.header_octets
            while True:
                with guard:
                    at = self._sweep(octets, at, end, buffers.offset)
                    progress(source.consumed)
                if self.cut:
                    break
                if ended:
                    if at < end:
                        self.cut = f"octet {buffers.offset + at}: the file ends inside a record"
                    break
                octets, end, ended = buffers.next(end - at)
                at = 0
        self.cut = source.cut or self.cut

    def take(self, octets: Array, at: int, end: int, form: Array, interfaces: Array) -> None:
        """Sweep whole records that lie in memory as `form` and `interfaces` tell (kernels/records.py)."""
        if interfaces is not self.interfaces:
            self.form, self.interfaces = form, interfaces
            self.links = {link_type_name(link): link not in WITHOUT_IP for link in interfaces[:, rc.LINK].tolist()}
        self._sweep(octets, at, end, 0)

    @property
    def barren(self) -> str:
        """That no link of the file holds IP, where it is so."""
        return "" if any(self.links.values()) or not self.links else f"{', '.join(self.links)}: no IP on such a link"

    def _begin(self, container: Container) -> None:
        self.kind = container.kind
        self.form[rc.KIND] = rc.PCAP if container.kind == "pcap" else rc.PCAPNG
        self.form[rc.LITTLE] = container.little
        self.form[rc.RECORD_HEADER] = container.record_header
        if container.kind == "pcap":
            self._add_interface(container.interface)

    def _add_interface(self, interface: Interface) -> None:
        row = np.zeros((1, rc.INTERFACE_FIELDS), np.int64)
        times, parts = interface.ns_per_tick
        row[0, rc.LINK] = interface.link_type
        row[0, rc.MULTIPLY] = times if parts == 1 else 0
        row[0, rc.DIVIDE] = parts if times == 1 and parts > 1 else 0
        row[0, rc.PER_SECOND] = rc.NS_PER_S * parts // times
        row[0, rc.OFFSET_NS] = interface.offset_ns
        row[0, rc.FCS] = interface.fcs_octets
        row[0, rc.SNAPLEN] = interface.snaplen
        row[0, rc.LAST_TICK] = min((INT64 - max(interface.offset_ns, 0)) * parts // times, INT64)
        self.interfaces = np.concatenate([self.interfaces, row])
        self.links[link_type_name(interface.link_type)] = interface.link_type not in WITHOUT_IP

    def _sweep(self, octets: Array, at: int, end: int, offset: int) -> int:
        """Sweep a buffer; returns where the record begins that needs more octets than it holds."""
        while True:
            begun = at
            why, at, need = self.sweep.feed(octets, begun, end, self.form, self.interfaces)
            if self.tee is not None:
                self.tee(octets, begun, at, self.form, self.interfaces)
            if why == rc.MORE:
                return at
            if why == rc.BAD:
                self.cut = f"octet {offset + at}: record claims {need} octets"
                return at
            length = need or self._section_octets(octets, at, end)
            if length < 0:
                self.cut = f"octet {offset + at}: no pcapng section header"
                return at
            if length == 0 or length > end - at:
                return at
            try:
                self._block(octets[at : at + length].tobytes())
            except ValueError as why_not:
                self.cut = f"octet {offset + at}: {why_not}"
                return at
            at += length

    @staticmethod
    def _section_octets(octets: Array, at: int, end: int) -> int:
        """Length of the section header block at `at`: 0 where more octets are needed, -1 where it is none."""
        if end - at < 12:
            return 0
        head = octets[at : at + 12].tobytes()
        try:
            order = "little" if parse_section(head) else "big"
        except ValueError:
            return -1
        length = int.from_bytes(head[4:8], "little" if order == "little" else "big")
        return length + -length % 4 if 28 <= length <= rc.MAX_CAPLEN else -1

    def _block(self, block: bytes) -> None:
        """Act on a block that changes how the rest is read, or that counts what was lost."""
        little = bool(self.form[rc.LITTLE])
        kind = int.from_bytes(block[:4], "little" if little else "big")
        if kind == rc.SECTION:
            self.form[rc.LITTLE] = parse_section(block)
            self.interfaces = np.zeros((0, rc.INTERFACE_FIELDS), np.int64)
            self.sections += 1
        elif kind == rc.INTERFACE:
            interface = parse_interface(block, little)
            self._add_interface(interface)
            if interface.filter:
                self.filters[interface.filter] = None
        elif kind == rc.STATISTICS:
            counted = parse_statistics(block, little)
            if counted.dropped is not None:
                self.drops[self.sections, counted.interface] = counted.dropped
        elif kind == rc.SECRETS:
            self.secrets = True
