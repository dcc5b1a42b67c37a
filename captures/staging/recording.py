"""Recording a stage's switches, and writing what was recorded as a capture that tells nothing of the recorder."""

from __future__ import annotations

import gzip
import json
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

from staging.expectations import FiveTuple
from staging.links import Namespace, set_apart

if TYPE_CHECKING:
    from staging.stage import Stage

SNAPLEN = 262144
LARGEST_FILE = 170_000
SHB, IDB, EPB, ISB = 0x0A0D0D0A, 1, 6, 5  # draft-ietf-opsawg-pcapng section 4
IF_NAME, IF_TSRESOL, ISB_IFRECV, ISB_IFDROP = 2, 9, 4, 5
NANOSECONDS = 9


@dataclass(frozen=True)
class Link:
    """A link type: its number and dumpcap's name for it, octets of its header, and where IPv4 is told, by what."""

    number: int
    name: str
    header: int
    protocol: int
    ipv4: bytes = b"\x08\x00"


ETHERNET = Link(1, "EN10MB", 14, 12)
COOKED = Link(276, "LINUX_SLL2", 20, 0)  # LINKTYPE_LINUX_SLL2
RAW = Link(101, "RAW", 0, 0, b"\x45")  # LINKTYPE_RAW; here no packet has options
ALL_DEVICES = "any"  # pcap-linux: every device of a host at once


@dataclass(frozen=True)
class Scenario:
    """What is played, and at which place: scenarios of one place share addresses.

    needs  programs that it runs besides those of every scenario
    also   captures that it writes besides the one of its own name, from other taps
    """

    place: str
    play: Callable[[Stage], None]
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clock:
    """A tap's clock: by how much it is ahead (seconds) when its capture begins, and by how much it goes too fast."""

    offset_s: float = 0.0
    drift_ppm: float = 0.0

    def shown(self, frames: Sequence[Frame]) -> list[Frame]:
        """Give frames with the times that this clock shows."""
        begun, offset, drift = frames[0].time_ns, round(self.offset_s * 1e9), self.drift_ppm / 1e6
        return [replace(f, time_ns=f.time_ns + offset + round((f.time_ns - begun) * drift)) for f in frames]


EXACT = Clock()


@dataclass(frozen=True)
class Frame:
    """A captured frame: the switch it passed, when (ns since 1970 UTC), and all its octets."""

    switch: int
    time_ns: int
    octets: bytes


class Recorder:
    """dumpcap on one or several switches, or on devices of a host, from `start` to `stop`."""

    def __init__(self, rack: Namespace, switches: Sequence[str], link: Link = ETHERNET) -> None:
        self.rack = rack
        self.switches = list(switches)
        self.link = link
        self.file = rack.scratch / f"{rack.name}.raw.pcapng"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start recording, and return once frames are being kept."""
        words = [word for switch in self.switches for word in ("-i", switch, "-y", self.link.name)]
        self.process = self.rack.start("dumpcap", "-q", "-s", str(SNAPLEN), *words, "-w", str(self.file))
        deadline = time.monotonic() + 10
        while not (self.file.exists() and self.file.stat().st_size) and time.monotonic() < deadline:
            self.rack.check_running()
            time.sleep(0.1)
        time.sleep(1.0)

    def stop(self) -> list[Frame]:
        """Stop recording; all frames in the order of their times."""
        if self.process is None:
            raise RuntimeError("not recording")
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        return sorted(_frames(self.file.read_bytes()), key=lambda frame: frame.time_ns)


def _frames(octets: bytes) -> Iterator[Frame]:
    """Read the frames of a pcapng file of this machine's byte order with nanosecond times, as dumpcap writes it."""
    at, resolutions = 0, []
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        if kind == IDB:
            found = b"\x09\x00\x01\x00\x09" in octets[at : at + length]  # if_tsresol of 9
            resolutions.append(1 if found else 1000)
        if kind == EPB:
            switch, high, low, caplen = struct.unpack_from("<IIII", octets, at + 8)
            time_ns = ((high << 32) | low) * resolutions[switch]
            yield Frame(switch, time_ns, octets[at + 28 : at + 28 + caplen])
        at += length


def five_tuples(frames: Iterable[Frame], link: Link = ETHERNET) -> list[tuple[int, FiveTuple]]:
    """List the TCP and UDP flows of frames with IPv4 in order, each with the time (ns) of its first frame.

    Who sent that frame is the originator.
    """
    seen: dict[tuple[str, frozenset[tuple[str, int]]], tuple[int, FiveTuple]] = {}
    for frame in frames:
        packet = frame.octets[link.header :]
        if not frame.octets.startswith(link.ipv4, link.protocol) or packet[9] not in (6, 17):
            continue
        source, target = (".".join(map(str, packet[at : at + 4])) for at in (12, 16))
        source_port, target_port = struct.unpack_from("!HH", packet, 4 * (packet[0] & 15))
        proto = "tcp" if packet[9] == 6 else "udp"
        ends = frozenset({(source, source_port), (target, target_port)})
        flow = FiveTuple(proto, source, source_port, target, target_port)
        seen.setdefault((proto, ends), (frame.time_ns, flow))
    return list(seen.values())


def write_capture(file: Path, frames: Sequence[Frame], switches: Sequence[str], link: Link = ETHERNET) -> None:
    """Write frames as pcapng, or as pcap with microseconds, and compressed, as the file's name says."""
    plain = file.with_suffix("") if file.suffix in (".gz", ".zst") else file
    octets = _pcap(frames, link) if plain.suffix == ".pcap" else _pcapng(frames, switches, link)
    if file.suffix == ".gz":
        octets = gzip.compress(octets, 9, mtime=0)
    if file.suffix == ".zst":
        octets = zstandard.ZstdCompressor(level=19).compress(octets)
    if len(octets) > LARGEST_FILE:
        raise ValueError(f"{file.name} would have {len(octets)} octets; {LARGEST_FILE} are enough for a sample")
    file.write_bytes(octets)


def _pcap(frames: Sequence[Frame], link: Link) -> bytes:
    """Classic pcap, little-endian, microseconds (draft-ietf-opsawg-pcap)."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, link.number)]
    for frame in frames:
        seconds, rest = divmod(frame.time_ns, 1_000_000_000)
        octets = len(frame.octets)
        parts += [struct.pack("<IIII", seconds, rest // 1000, octets, octets), frame.octets]
    return b"".join(parts)


def _pcapng(frames: Sequence[Frame], switches: Sequence[str], link: Link) -> bytes:
    """The pcapng format: an interface per switch, and no word on the hardware, system or program that recorded it."""
    parts = [_block(SHB, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for switch in switches:
        options = _option(IF_NAME, switch.encode()) + _option(IF_TSRESOL, bytes([NANOSECONDS])) + bytes(4)
        parts.append(_block(IDB, struct.pack("<HHI", link.number, 0, SNAPLEN) + options))
    for frame in frames:
        high, low = divmod(frame.time_ns, 1 << 32)
        octets = len(frame.octets)
        parts.append(_block(EPB, struct.pack("<IIIII", frame.switch, high, low, octets, octets) + frame.octets))
    for index in range(len(switches)):
        own = [frame for frame in frames if frame.switch == index]
        high, low = divmod(frames[-1].time_ns, 1 << 32)
        counts = _option(ISB_IFRECV, struct.pack("<Q", len(own))) + _option(ISB_IFDROP, bytes(8)) + bytes(4)
        parts.append(_block(ISB, struct.pack("<III", index, high, low) + counts))
    return b"".join(parts)


def _block(kind: int, body: bytes) -> bytes:
    """A pcapng block, padded to 32 bits."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _option(code: int, value: bytes) -> bytes:
    """A pcapng option, padded to 32 bits."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def perform(scenario: Scenario, name: str, out: Path, scratch: Path) -> int:
    """Play one scenario inside its namespaces and write capture, truth, site file and roots; 0 if that went well."""
    from staging.stage import Stage  # noqa: PLC0415 - the stage needs this module

    set_apart()
    stage = Stage(name, scenario.place, scratch, out)
    try:
        scenario.play(stage)
        stage.write()
    except Exception:  # noqa: BLE001 - whatever went wrong is told, and the namespaces end with this process
        traceback.print_exc()
        for log in sorted(scratch.glob("*.log")):
            if tail := log.read_text("utf-8", "replace")[-400:]:
                print(f"--- {log.name}: {tail}", file=sys.stderr)
        return 1
    return 0


def write_json(file: Path, content: object) -> None:
    """Write JSON as people read it: one flow, finding or outcome a line."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", "utf-8")
