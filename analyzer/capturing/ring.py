"""Frames of a network interface, as Linux lays them into a ring that is mapped here (AF_PACKET, TPACKET_V3).

The kernel fills blocks of many frames and hands over each when it is full, or after some milliseconds; nothing is
copied or called per frame. Needs the right to open such a socket (CAP_NET_RAW), and that only while it is opened. The
numbers in it are the machine's; all that is read here takes them to be little-endian. Source: Linux,
Documentation/networking/packet_mmap.rst and linux/if_packet.h; packet(7).
"""

from __future__ import annotations

import errno
import mmap
import os
import select
import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from analyzer.capturing.bpf import INSTRUCTION
from analyzer.capturing.links import ioctl, link_type_of, rights, stamped_by_hardware
from analyzer.errors import SourceError
from analyzer.kernels import records as rc

SNAPLEN = 262_144
"""Octets of a frame kept at most, as tcpdump and dumpcap have it."""

SIZES = ((192 << 20, 32 << 20), (16 << 20, 2 << 20))
"""Octets of a ring and of a block; the next where there is no memory. Seconds of a busy plant, for while Python judges
the thread that sweeps waits for its turn. Larger blocks wake us less often, and the sweep finds its tables in the
cache: 16 MB take more of the CPU (benchmark: live)."""

RETIRE_MS = 450
"""After so long, or twice as long, the kernel hands over a block that is not full: six bear that nobody reads for
some seconds, on a quiet link too."""

TAG_OCTETS = 4
FRAME_OCTETS = 2048  # what TPACKET_V3 makes nothing of, but wants to divide a block
ALL_PROTOCOLS = 3

SOL_PACKET = 263
ADD_MEMBERSHIP, DROP_MEMBERSHIP, RX_RING, STATISTICS = 1, 2, 5, 6
VERSION, RESERVE, TIMESTAMP, IGNORE_OUTGOING = 10, 12, 17, 23
TPACKET_V3, PROMISCUOUS, RAW_HARDWARE = 2, 1, 1 << 6
ATTACH_FILTER = 26

RETURN = 6
NOTHING = np.array((RETURN, 0, 0, 0), INSTRUCTION).tobytes()

# struct tpacket_block_desc, in words of 32 bits
STATUS, PACKETS, FIRST, USED = 2, 3, 4, 5
TO_KERNEL, TO_USER = 0, 1

UP = 1
GONE_S = 0.25
"""An interface that is deleted goes down first: so long it is waited for whether its name leaves too."""

Octets = npt.NDArray[np.uint8]
Array = npt.NDArray[np.int64]


class Chunk(NamedTuple):
    """Frames to sweep: `octets[at:end]`, laid out as `form` and `interfaces` tell (kernels/records.py)."""

    octets: Octets
    at: int
    end: int
    form: Array
    interfaces: Array


class Counts(NamedTuple):
    """Frames since the start: those that were put where we read, and those for which there was no room."""

    received: int
    dropped: int


class Ring:
    """An interface that is listened to.

    path       the interface's name, followed where it is renamed; `renamed` then tells from what
    link_type  of its frames, as the LINKTYPE registry numbers them
    hardware   its own clock gives the times, not the system's
    """

    def __init__(self, interface: str, opened: socket.socket, octets: int, block_octets: int, link_type: int) -> None:
        self.path = interface
        self.renamed = ""
        self.link_type = link_type
        self.hardware = False
        self.index = socket.if_nametoindex(interface)
        self._socket = opened
        self._mapped = mmap.mmap(opened.fileno(), octets, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._octets: Octets = np.frombuffer(self._mapped, np.uint8)
        self._words = self._octets.view(np.uint32)
        self._block_octets = block_octets
        self._blocks = octets // block_octets
        self._block = 0
        self._given = False
        self._ended = ""
        self._received = self._dropped = 0
        self._counting = threading.Lock()
        self._poll = select.poll()
        self._poll.register(opened.fileno(), select.POLLIN | select.POLLERR)
        self._form = np.zeros(rc.FORM_FIELDS, np.int64)
        self._form[[rc.KIND, rc.LITTLE]] = rc.RING, 1
        self._interfaces = np.zeros((1, rc.INTERFACE_FIELDS), np.int64)
        self._interfaces[0, rc.LINK] = link_type

    @classmethod
    def open(
        cls,
        interface: str,
        *,
        filter: bytes | None = None,  # noqa: A002 - the field's word
        snaplen: int = SNAPLEN,
        sizes: tuple[tuple[int, int], ...] = SIZES,
        promiscuous: bool = True,
    ) -> Self:
        """Listen to an interface; `filter` is what bpf.compile_filter gives.

        Raises SourceError where there is no such interface, where it is down, where its frames are of a kind that is
        not read here, and where the right is missing.
        """
        if not hasattr(socket, "AF_PACKET"):
            raise SourceError(interface, "a ring is for Linux only; dumpcap captures here")
        for octets, block_octets in sizes:
            try:
                ring = cls._laid_out(interface, _with_snaplen(filter, snaplen), octets, block_octets)
                break
            except OSError as why:
                if why.errno != errno.ENOMEM or octets == sizes[-1][0]:
                    raise SourceError(interface, _reason(why)) from why
        try:
            ring.begin(promiscuous=promiscuous)
        except BaseException as why:
            ring.close()
            if isinstance(why, OSError):
                raise SourceError(interface, _reason(why)) from why
            raise
        return ring

    @classmethod
    def _laid_out(cls, interface: str, program: bytes, octets: int, block_octets: int) -> Self:
        """A ring of that size, into which nothing comes yet. Raises OSError, SourceError."""
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing comes before the filter
        try:
            link_type = link_type_of(opened, interface)
            _prepare(opened, interface, program, octets, block_octets)
            return cls(interface, opened, octets, block_octets, link_type)
        except BaseException:
            opened.close()
            raise

    def begin(self, *, promiscuous: bool) -> None:
        """Let frames come."""
        if stamped_by_hardware(self._socket, self.path):
            self._socket.setsockopt(SOL_PACKET, TIMESTAMP, RAW_HARDWARE)
            self.hardware = True
        if promiscuous:
            self._socket.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, struct.pack("iHH8x", self.index, PROMISCUOUS, 0))
        self._socket.bind((self.path, ALL_PROTOCOLS))
        failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, os.strerror(failed))

    def next(self, timeout_s: float) -> Chunk | None:
        """The next frames, None where none came in time; the chunk before is the kernel's again.

        Raises SourceError where the interface is gone or went down, after the last frames were handed out.
        """
        self._give_back()
        deadline = time.monotonic() + timeout_s
        while True:
            chunk = self._ready()
            if chunk is not None:
                return chunk
            if self._ended:
                raise SourceError(self.path, self._ended)
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            for _, event in self._poll.poll(left * 1000):
                if event & select.POLLERR:
                    self._end()

    def _ready(self) -> Chunk | None:
        """The block whose turn it is, where the kernel has handed it over; one without frames goes back at once."""
        while True:
            begin = self._block * self._block_octets
            head = self._words[begin // 4 : begin // 4 + 6]
            if not head[STATUS] & TO_USER:
                return None
            self._given = True
            if head[PACKETS]:
                end = begin + min(int(head[USED]), self._block_octets)
                return Chunk(self._octets, begin + int(head[FIRST]), end, self._form, self._interfaces)
            self._give_back()

    def _give_back(self) -> None:
        if self._given:
            self._words[self._block * self._block_octets // 4 + STATUS] = TO_KERNEL
            self._block = (self._block + 1) % self._blocks
            self._given = False

    def _end(self) -> None:
        """What the error of the socket means; what came before it is handed over within the time of a block."""
        failed = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not failed:
            return
        self._ended = "went down" if failed == errno.ENETDOWN else _reason(OSError(failed, os.strerror(failed)))
        until = time.monotonic() + GONE_S
        while time.monotonic() < until:
            try:
                socket.if_indextoname(self.index)
            except OSError:
                self._ended = "the interface is gone"
                break
            time.sleep(GONE_S / 10)
        time.sleep(2 * RETIRE_MS / 1000)

    def counts(self) -> Counts:
        """Frames received and dropped since the start; also follows the interface where it was renamed."""
        with self._counting:
            told = self._socket.getsockopt(SOL_PACKET, STATISTICS, 12)  # reading sets them to 0
            packets, dropped, _ = struct.unpack("III", told)
            self._received += packets - dropped
            self._dropped += dropped
            with suppress(OSError):
                name = socket.if_indextoname(self.index)
                if name != self.path:
                    self.renamed, self.path = self.path, name
            return Counts(self._received, self._dropped)

    def close(self) -> None:
        """Stop listening; a chunk that somebody still holds stays readable, but is not filled any more."""
        if self._socket.fileno() < 0:
            return
        with suppress(OSError):  # the mapping keeps the socket alive as long as somebody holds a chunk
            _attach(self._socket, NOTHING)
            self._socket.setsockopt(SOL_PACKET, DROP_MEMBERSHIP, struct.pack("iHH8x", self.index, PROMISCUOUS, 0))
        self._socket.close()
        self._octets = self._words = np.zeros(0, np.uint8)
        with suppress(BufferError):
            self._mapped.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _prepare(opened: socket.socket, interface: str, program: bytes, octets: int, block_octets: int) -> None:
    """All that has to stand before the first frame: filter, layout, ring."""
    flags = struct.unpack_from("H", ioctl(opened, "flags", interface), 16)[0]
    if not flags & UP:
        raise SourceError(interface, f"is down; `ip link set dev {interface} up` brings it up")
    _attach(opened, program)
    opened.setsockopt(SOL_PACKET, VERSION, TPACKET_V3)
    opened.setsockopt(SOL_PACKET, RESERVE, TAG_OCTETS)
    if flags & 0x8:  # loopback: what is sent comes again as what is received
        opened.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
    blocks = octets // block_octets
    layout = (block_octets, blocks, FRAME_OCTETS, blocks * (block_octets // FRAME_OCTETS), RETIRE_MS, 0, 0)
    opened.setsockopt(SOL_PACKET, RX_RING, struct.pack("7I", *layout))


def _attach(opened: socket.socket, program: bytes) -> None:
    """Attach a filter: struct sock_fprog has the number of instructions and a pointer to them."""
    instructions = np.frombuffer(program, INSTRUCTION)
    pointer = instructions.ctypes.data
    opened.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, struct.pack("HP", instructions.size, pointer))


def _with_snaplen(program: bytes | None, snaplen: int) -> bytes:
    """The filter, which lets through so many octets of a frame at most."""
    if program is None:
        return np.array((RETURN, 0, 0, snaplen), INSTRUCTION).tobytes()
    instructions = np.frombuffer(program, INSTRUCTION).copy()
    returns = instructions["code"] == RETURN
    instructions["k"][returns] = np.minimum(instructions["k"][returns], snaplen)
    return instructions.tobytes()


def _reason(why: OSError) -> str:
    """What the system says, as one line."""
    if why.errno in (errno.ENODEV, errno.ENXIO):
        return "no such interface; `analyzer live -D` lists them"
    if why.errno in (errno.EPERM, errno.EACCES):
        return rights() or "may not be listened to by this user"
    if why.errno == errno.ENETDOWN:
        return "is down"
    if why.errno == errno.ENOMEM:
        return "there is no memory for the ring into which the kernel lays frames"
    return f"cannot be listened to ({(why.strerror or 'unknown').lower()})"
