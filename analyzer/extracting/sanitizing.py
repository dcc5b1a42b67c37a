"""A capture becomes one that can be handed on: other addresses and names, no credentials, no contents, same verdicts.

It is read twice: first for what of each flow its verdict needs, then frame by frame. What is not known to be needed is
zeroed, so that nothing stays by oversight; frames keep their lengths and times.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from analyzer.capturing.stream import Frame, frames
from analyzer.conversations import Conversation, Message, Stream
from analyzer.dissecting import dissect
from analyzer.dissecting.dissected import TCP
from analyzer.dissecting.quicpackets import read_packet
from analyzer.extracting import heads, messages, streams
from analyzer.extracting.chains import masked
from analyzer.extracting.disguise import Disguise
from analyzer.extracting.least import least
from analyzer.extracting.pcapng import Writer
from analyzer.extracting.rewriting import Carried, Rewriter
from analyzer.findings import Verdict
from analyzer.judging.endtoend import State
from analyzer.result import Result

STREAM_OCTETS = 32 << 10
DATAGRAMS = 16
MARK_OCTETS = 4
HALF = 1 << 31


class Shown(Enum):
    """What is kept of a flow's certificates: those that prove it whole, others of documented names without theirs."""

    NOT = "not"
    MASKED = "masked"
    WHOLE = "whole"


class Flow(NamedTuple):
    """A flow as far as it matters here; `end` is its originator's."""

    row: int
    first: int
    last: int
    end: tuple[bytes, int]
    proto: int
    ports: tuple[int, int]
    service: str
    known: bool
    shown: Shown


class _Seen:
    """What was collected of a flow: per side its base, and segments by place, or datagrams; with the frame of each."""

    def __init__(self) -> None:
        self.bases: list[int | None] = [None, None]
        self.parts: tuple[dict[int, tuple[bytes, int]], dict[int, tuple[bytes, int]]] = ({}, {})
        self.told: list[Message] = []

    def stream(self, side: int) -> Stream:
        """The contiguous octets of a side from its base on."""
        made, marks = bytearray(), []
        for place, (octets, frame) in sorted(self.parts[side].items()):
            if place > len(made):
                break
            if place + len(octets) > len(made):
                marks.append((len(made), 0, frame))
            made += octets[len(made) - place :]
        return Stream(bytes(made[:STREAM_OCTETS]), tuple(marks))


class Sanitizer:
    """Rewrites the frames of captures whose result is known."""

    def __init__(self, paths: Sequence[str], result: Result, disguise: Disguise) -> None:
        self.disguise = disguise
        self._flows: dict[object, list[Flow]] = defaultdict(list)
        self._held = list(_flows(result, disguise))
        for flow, ends in self._held:
            self._flows[ends].append(flow)
        self._number = 0
        self._seen: dict[int, _Seen] = {}
        self._bases: dict[int, tuple[int | None, int | None]] = {}
        self._images: dict[tuple[int, int], bytes] = {}
        self._image = functools.lru_cache(maxsize=256)(self._unpacked)
        self._datagrams: dict[tuple[int, bytes], bytes] = {}
        self._collect(paths)
        self._rewriter = Rewriter(disguise, self._payload)

    def octets(self, frame: Frame) -> bytes:
        """A frame's octets in disguise, as many as before; none of a link type that is not known."""
        self._number = frame.number
        return self._rewriter.frame(frame.interface.link_type, frame.octets)

    def _find(self, carried: Carried) -> tuple[Flow, int] | None:
        """The flow of a packet, and which side sent it; a copy may come after the last packet that was counted."""
        ends = (carried.src, carried.sport), (carried.dst, carried.dport)
        flows = self._flows.get((carried.proto, frozenset(ends)), ())
        at = bisect.bisect_right(flows, self._number, key=_first)
        return (flows[at - 1], int(ends[0] != flows[at - 1].end)) if at else None

    def _collect(self, paths: Sequence[str]) -> None:
        """Reads the captures for what each flow begins with, and settles what is kept once a flow is over."""
        rewriter = Rewriter(self.disguise, self._take)
        waiting = sorted((flow for flow, _ in self._held), key=lambda flow: flow.last, reverse=True)
        for frame in frames(paths):
            while waiting and waiting[-1].last < frame.number:
                self._settle(waiting.pop())
            self._number = frame.number
            rewriter.frame(frame.interface.link_type, frame.octets)
        for flow in waiting:
            self._settle(flow)

    def _take(self, carried: Carried) -> bytes:
        """Remembers what a packet carries."""
        found = self._find(carried)
        if found is not None and self._number <= found[0].last:
            flow, side = found
            seen = self._seen.setdefault(flow.row, _Seen())
            if flow.proto != TCP:
                if len(seen.told) < DATAGRAMS and not _structured(flow):
                    seen.told.append(Message(0, self._number, side == 0, carried.octets))
            elif carried.syn:
                seen.bases[side] = carried.seq + 1
                seen.parts[side].clear()
            else:
                self._segment(seen, side, carried, self._number)
        return bytes(len(carried.octets))

    @staticmethod
    def _segment(seen: _Seen, side: int, carried: Carried, frame: int) -> None:
        base = seen.bases[side]
        if base is None:
            base = seen.bases[side] = carried.seq
        place = _place(carried.seq, base)
        if carried.octets and 0 <= place < STREAM_OCTETS:
            held, _ = seen.parts[side].get(place, (b"", 0))
            if len(carried.octets) > len(held):
                seen.parts[side][place] = carried.octets, frame

    def _settle(self, flow: Flow) -> None:
        """What is kept of a flow."""
        seen = self._seen.pop(flow.row, None)
        if seen is None:
            return
        if flow.proto != TCP:
            talk = Conversation(flow.row, flow.proto, *flow.ports, messages=tuple(seen.told))
            if seen.told and not (flow.service == "quic" and flow.known):
                kept = least(talk, [bytes(len(one.octets)) for one in seen.told], self._mark)
                for one, octets in zip(seen.told, kept, strict=True):
                    self._datagrams[flow.row, one.octets] = octets
            return
        self._bases[flow.row] = (seen.bases[0], seen.bases[1])
        talk = Conversation(flow.row, TCP, *flow.ports, seen.stream(0), seen.stream(1))
        if talk.orig.octets or talk.resp.octets:
            for side, octets in enumerate(self._kept(flow, talk)):
                self._images[flow.row, side] = zlib.compress(octets.rstrip(b"\0"), 1)

    def _kept(self, flow: Flow, talk: Conversation) -> Sequence[bytes]:
        """What is kept of two streams."""
        disguise, sides = self.disguise, (talk.orig.octets, talk.resp.octets)
        if flow.service == "tls":
            return self._tls(flow, sides, (0, 0))
        if flow.service == "dns":
            return [streams.dns_messages(octets, disguise) for octets in sides]
        told = dissect(talk)
        tails: Sequence[bytes] = [bytes(len(octets)) for octets in sides]
        if told is not None and told.service in streams.FRAMES:
            tails = [streams.framed(octets, told.service, side) for side, octets in enumerate(sides)]
        elif told is not None and told.tls_at is not None:
            tails = self._tls(flow, sides, told.tls_at)
        if any(heads.LINE.match(octets) for octets in sides):
            plain = [heads.http(octets, disguise) for octets in sides]
            cuts = told.tls_at if told is not None and told.tls_at is not None else (len(sides[0]), len(sides[1]))
            return [head[:at] + tail[at:] for head, tail, at in zip(plain, tails, cuts, strict=True)]
        return least(talk, tails, self._mark)

    def _tls(self, flow: Flow, sides: tuple[bytes, bytes], places: tuple[int, int]) -> list[bytes]:
        """Two streams with TLS from so many octets on."""
        shown = {Shown.WHOLE: bytes, Shown.MASKED: lambda octets: masked(octets, self.disguise)}.get(
            flow.shown, _nothing
        )
        rows = zip(sides, places, (_nothing, shown), strict=True)
        return [streams.tls(octets, at, self.disguise, certificates) for octets, at, certificates in rows]

    def _mark(self, octets: bytes) -> bytes:
        """What tells a datagram that is zeroed from another one."""
        return self.disguise.hashed("mark", octets, MARK_OCTETS) if len(octets) >= 2 * MARK_OCTETS else b""

    def _unpacked(self, row: int, side: int) -> bytes:
        image = self._images.get((row, side))
        return zlib.decompress(image) if image is not None else b""

    def _payload(self, carried: Carried) -> bytes:
        """What stands for what a packet carries."""
        found = self._find(carried)
        octets = carried.octets
        if found is None or not octets:
            return bytes(len(octets))
        flow, side = found
        if flow.proto != TCP:
            made = self._datagram(flow, octets)
        else:
            base = self._bases.get(flow.row, (None, None))[side]
            place = -1 if base is None else _place(carried.seq, base)
            made = self._image(flow.row, side)[place : place + len(octets)] if place >= 0 else b""
        return made + bytes(len(octets) - len(made))

    def _datagram(self, flow: Flow, octets: bytes) -> bytes:
        read = _structured(flow)
        if read is not None and (message := read(octets, self.disguise)) is not None:
            return message
        if flow.service == "quic" and flow.known and read_packet(octets, 0) is not None:
            return octets
        held = self._datagrams.get((flow.row, octets))
        if held is not None:
            return held
        end = self._mark(octets)
        return bytes(len(octets) - len(end)) + end


def _nothing(octets: bytes) -> bytes:
    """Of so many octets none."""
    return bytes(len(octets))


def _first(flow: Flow) -> int:
    """The first frame of a flow."""
    return flow.first


def _place(seq: int, base: int) -> int:
    """Where in a stream a sequence number is; numbers wrap."""
    return (seq - base + HALF) % (2 * HALF) - HALF


def _structured(flow: Flow) -> messages.Reader | None:
    """What rewrites each datagram of a flow by itself."""
    return messages.READERS.get(flow.service)


def _flows(result: Result, disguise: Disguise) -> Iterable[tuple[Flow, object]]:
    """The flows with payload that can be kept, and the key of each."""
    table, verdicts = result.observations.flows, result.conclusions.flows
    for row in range(table.proto.size):
        proto = int(table.proto[row])
        if proto not in (6, 17):
            continue
        ports = int(table.orig_p[row]), int(table.resp_p[row])
        ends = (ip_address(table.orig_h[row]).packed, ports[0]), (ip_address(table.resp_h[row]).packed, ports[1])
        life = int(table.first_frame[row]), int(table.last_frame[row])
        known = disguise.documented(table.server_name[row])
        intercepted = verdicts.verdict[row] == Verdict.INTERCEPTED or verdicts.end_to_end[row] == State.BROKEN
        proven = known and verdicts.end_to_end[row] == State.PROVEN
        shown = Shown.WHOLE if proven else Shown.MASKED if known or intercepted else Shown.NOT
        flow = Flow(row, *life, ends[0], proto, ports, str(table.service[row]), known, shown)
        yield flow, (proto, frozenset(ends))


def copies(paths: Sequence[str], result: Result, disguise: Disguise, folder: Path) -> list[str]:
    """Writes each capture in disguise into a folder, frame by frame under names that tell nothing; returns the paths.

    Raises SourceError where a capture cannot be read again, OSError where a file cannot be written.
    """
    sanitizer = Sanitizer(paths, result, disguise)
    names = {path: folder / f"capture-{number}.pcapng" for number, path in enumerate(paths, 1)}
    for name in names.values():
        with name.open("wb") as file:
            Writer(file, "")
    drops = result.observations.quality.kernel_drops
    for path, part in itertools.groupby(frames(paths), _path):
        with names[path].open("wb") as file:
            writer = Writer(file, "")
            for frame in part:
                filtered = "not told" if frame.interface.filter else ""
                interface = replace(frame.interface, name="", filter=filtered)
                writer.frame(interface, frame.ts_ns, sanitizer.octets(frame), frame.length, "")
            if drops is not None:
                writer.dropped(interface, drops)
                drops = None
    return list(map(str, names.values()))


def _path(frame: Frame) -> str:
    """The capture of a frame."""
    return frame.path
