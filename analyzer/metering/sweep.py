"""Buffers of octets become tables of flows: the arrays that the kernels work on, and how they grow."""

from __future__ import annotations

import copy
import secrets
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.kernels import arp, keeping
from analyzer.kernels import copies as cp
from analyzer.kernels import flows as fl
from analyzer.kernels import fragments as fr
from analyzer.kernels import sweep as sw
from analyzer.kernels.flows import FLOW, HISTORY, SIDE, rehash
from analyzer.kernels.gaps import GAP
from analyzer.metering.harvest import Harvest, harvest, read_datagrams
from analyzer.metering.rates import compact
from analyzer.metering.shedding import shed
from analyzer.metering.strings import Strings
from analyzer.settings import Settings

WIDEST_NS = 60 * 1_000_000_000  # of a bin: what is wider says nothing about a window of five minutes
FOR_EVER_NS = (1 << 63) - 1
LONGEST_NS = 1 << 61  # of a bin: twice as much still fits 64 bit

Array = npt.NDArray[Any]


class Room(NamedTuple):
    """Rows of the tables to begin with; those of flows, slots and gaps grow, the others are emptied when full."""

    slots: int = 1 << 15  # a power of two
    flows: int = 1 << 19  # memory that is never touched costs nothing, and a table that need not grow is not copied
    gaps: int = 1 << 12
    segments: int = 1 << 18
    arena: int = 32 << 20  # first octets of flows in waiting
    errors: int = 1 << 14

    def checked(self) -> Room:
        """The same, with room for one batch at least: less would never be enough."""
        return self._replace(
            segments=max(self.segments, sw.BATCH),
            arena=max(self.arena, sw.BATCH * keeping.STREAM_OCTETS),
            errors=max(self.errors, sw.BATCH),
        )


class Tables(NamedTuple):
    """All that the sweep reads and writes; see kernels/sweep.py."""

    slots: Array
    flows: Array
    sides: Array
    histories: Array
    gaps: Array
    rates: Array
    segments: Array
    arena: Array
    errors: Array
    waiting: Array
    units: Array
    pieces: Array
    decoded: Array
    given_up: Array
    quoted: Array
    recent: Array
    mirroring: Array
    claims: Array
    limits: Array
    likely: Array
    counters: Array


def likely_servers(ports: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Tell for each port whether servers listen there (RFC 6335 section 6: below 1024, and those named)."""
    likely = np.zeros(65536, np.bool_)
    likely[1:1024] = True
    likely[list(ports)] = True
    return likely


def grown(table: Array, rows: int) -> Array:
    """The table with room for `rows`, its contents kept; what is new holds anything."""
    larger = np.empty((rows, *table.shape[1:]), table.dtype)
    larger[: len(table)] = table
    return larger


class Sweep:
    """Facts in the making: feed it the octets of captures, one after the other, then ask for what it found."""

    def __init__(self, settings: Settings, room: Room = Room()) -> None:  # noqa: B008 - a tuple of numbers
        self.settings = settings
        room = room.checked()
        self.seed = secrets.randbits(62)
        counters = np.zeros(fl.COUNTERS, np.int64)
        counters[fl.SEED] = self.seed
        counters[[fl.GAP_FREE, fl.FIRST_NS, fl.LAST_NS, fl.MAX_NS]] = -1
        self.bin_ns = settings.bin_s * 1_000_000_000
        waits = (settings.udp_idle_s * 1000, settings.tcp_idle_s * 1000, settings.bin_s * 1000, settings.copy_ms)
        active = settings.udp_active_s * 1_000_000_000 or FOR_EVER_NS
        limits = np.append(np.array(waits, np.int64) * 1_000_000, active)
        self.tables = Tables(
            slots=np.full(room.slots, -1, np.int64),
            flows=np.empty(room.flows, FLOW),
            sides=np.empty(2 * room.flows, SIDE),
            histories=np.empty((room.flows, HISTORY), np.uint8),
            gaps=np.empty(room.gaps, GAP),
            rates=np.empty(settings.rates, sw.RATE),
            segments=np.empty(room.segments, keeping.SEGMENT),
            arena=np.empty(room.arena, np.uint8),
            errors=np.empty(room.errors, keeping.ERROR),
            waiting=np.zeros(fr.DATAGRAMS, fr.DATAGRAM),
            units=np.empty((fr.DATAGRAMS, fr.UNITS), np.uint8),
            pieces=np.empty(fr.DATAGRAMS * fr.PLACE, np.uint8),
            decoded=fl.scratch(2),
            given_up=fl.scratch(1),
            quoted=fl.scratch(1),
            recent=cp.none_seen(),
            mirroring=cp.none_mirrored(),
            claims=np.zeros(arp.CLAIMS, arp.CLAIM),
            limits=limits,
            likely=likely_servers(settings.server_ports),
            counters=counters,
        )
        self.found = Harvest(Strings(self.seed), Strings(self.seed, 256, 1 << 20))

    def feed(self, octets: Array, at: int, end: int, form: Array, interfaces: Array) -> tuple[int, int, int]:
        """Sweep `octets[at:end]`; returns (why, at, need) as kernels.sweep.sweep does, but never ROOM."""
        while True:
            why, at, need = sw.sweep(octets, at, end, form, interfaces, self.tables)
            if why != sw.ROOM:
                return int(why), int(at), int(need)
            self._make_room()

    def counter(self, which: int) -> int:
        """One of the counters of kernels/flows.py."""
        return int(self.tables.counters[which])

    def begin_capture(self) -> None:
        """Another file begins: its times are kept apart; everything else goes on."""
        self.tables.counters[[fl.FIRST_NS, fl.MAX_NS, fl.LAST_NS]] = -1

    def finish(self) -> None:
        """No more octets come: account for what waits, read the first octets of the flows that still do."""
        if not sw.has_room(self.tables):
            self._make_room()
        sw.give_all_up(self.tables)
        self._harvest(final=True)

    def clone(self) -> Sweep:
        """The same, apart: what one is fed from now on changes nothing in the other."""
        other = copy.copy(self)
        c, tables = self.tables.counters, self.tables
        used = {
            "flows": c[fl.FLOWS], "sides": 2 * c[fl.FLOWS], "histories": c[fl.FLOWS], "gaps": c[fl.GAPS],
            "rates": c[fl.RATES], "segments": c[fl.SEGMENTS], "arena": c[fl.ARENA], "errors": c[fl.ERRORS],
        }  # fmt: skip
        copies = {name: column.copy() for name, column in tables._asdict().items() if name not in used}
        for name, rows in used.items():
            table = getattr(tables, name)
            copies[name] = np.empty(table.shape, table.dtype)  # memory that is never touched costs nothing
            copies[name][:rows] = table[:rows]
        other.tables = Tables(**copies)
        other.found = self.found.clone()
        return other

    def tidy(self) -> None:
        """Read what can be read by itself, so that less waits, and let talks that have said much be read on."""
        read_datagrams(self.tables, self.found)
        kept = self.tables.flows["kept"][: self.counter(fl.FLOWS)]
        kept[kept > keeping.MESSAGES_MANY // 2] = keeping.MESSAGES

    def shed(self, goes: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Let flows go, with all that was found of them; returns the new number of each flow, -1 of those gone."""
        self.tables, moved = shed(self.tables, goes)
        self.found.shed(moved)
        return moved

    def _make_room(self) -> None:
        """Grow, or empty, whichever table may not hold another batch."""
        tables, c, batch = self.tables, self.tables.counters, sw.BATCH
        if 2 * (c[fl.FLOWS] + sw.EVENTS) > tables.slots.size:
            slots = np.full(2 * max(tables.slots.size, sw.BATCH), -1, np.int64)
            rehash(tables.slots, slots, tables.flows, self.seed)
            tables = tables._replace(slots=slots)
        if c[fl.FLOWS] + sw.EVENTS > tables.flows.size:
            rows = max(tables.flows.size * 3 // 2, int(c[fl.FLOWS]) + sw.EVENTS)
            tables = tables._replace(flows=grown(tables.flows, rows))
            tables = tables._replace(sides=grown(tables.sides, 2 * rows))
            tables = tables._replace(histories=grown(tables.histories, rows))
        if c[fl.GAPS] + 4 * batch > tables.gaps.size:
            tables = tables._replace(gaps=grown(tables.gaps, 2 * max(tables.gaps.size, 4 * batch)))
        self.tables = tables
        if c[fl.RATES] + sw.EVENTS > tables.rates.size:
            self._make_room_for_rates()
        waiting = c[fl.ARENA] + batch * keeping.STREAM_OCTETS > tables.arena.size
        if waiting or c[fl.SEGMENTS] + batch > tables.segments.size or c[fl.ERRORS] + batch > tables.errors.size:
            self._harvest(final=False)

    def _make_room_for_rates(self) -> None:
        """Make bins wider until half of the log is free: memory stays flat however long the capture is."""
        rates, c = self.tables.rates, self.tables.counters
        while c[fl.RATES] + sw.EVENTS > rates.size // 2:
            self.bin_ns = min(2 * self.bin_ns, LONGEST_NS)
            self.tables.limits[sw.BIN_NS] = self.bin_ns
            kept = compact(rates[: c[fl.RATES]], int(c[fl.FLOWS]), self.bin_ns)
            rates[: kept.size] = kept
            if kept.size == c[fl.RATES] and self.bin_ns > WIDEST_NS:  # as many flows as rows: only growing helps
                self.tables = self.tables._replace(rates=grown(rates, 2 * rates.size))
                return
            c[fl.RATES] = kept.size

    def _harvest(self, *, final: bool) -> None:
        """Read the first octets of flows that have ended or fallen silent (all of them if `final`)."""
        c = self.tables.counters
        self.found.errors.append(self.tables.errors[: c[fl.ERRORS]].copy())
        c[fl.ERRORS] = 0
        silence = self.settings.stream_idle_s * 1_000_000_000
        harvest(self.tables, self.found, silence_ns=silence, final=final)
