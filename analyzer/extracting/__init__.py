"""Frames of a finding or a flow become a capture of their own, with what they show written beside them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from analyzer.capturing.stream import Frame, frames
from analyzer.extracting.pcapng import Writer
from analyzer.extracting.selection import (
    Selection,
    SelectionError,
    of_all,
    of_finding,
    of_flow,
    of_same_finding,
    of_same_flow,
)
from analyzer.inspecting.scapyread import ends, layer_of

__all__ = [
    "Extracted",
    "Selection",
    "SelectionError",
    "extract",
    "of_all",
    "of_finding",
    "of_flow",
    "of_same_finding",
    "of_same_flow",
]


class Extracted(NamedTuple):
    """How many frames were written, and how many of them evidence speaks of."""

    frames: int
    marked: int


def extract(paths: Sequence[str], wanted: Selection, target: Path) -> Extracted:
    """Writes the wanted frames of captures, read again, into a pcapng; the file is there whole, or not at all.

    Each frame has its time, octets and lengths as captured, and in its comment its number there. Raises SourceError
    where a capture cannot be read again, OSError where the file cannot be written.
    """
    count = marked = 0
    handle, aside = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            writer = Writer(file, wanted.title)
            for frame, notes in chosen_frames(paths, wanted):
                comment = "; ".join([f"frame {frame.own} of {Path(frame.path).name}", *notes])
                writer.frame(frame.interface, frame.ts_ns, frame.octets, frame.length, comment)
                count += 1
                marked += frame.number in wanted.notes
            if wanted.drops is not None and count:
                writer.dropped(frame.interface, wanted.drops)
        Path(aside).chmod(0o644)
        Path(aside).replace(target)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return Extracted(count, marked)


def chosen_frames(paths: Sequence[str], wanted: Selection) -> Iterator[tuple[Frame, list[str]]]:
    """The wanted frames, each with the flows that it belongs to and what it shows."""
    if wanted.all:
        for frame in frames(paths):
            yield frame, list(wanted.notes.get(frame.number, ()))
        return
    first = min([life.first for lives in wanted.flows.values() for life in lives] + [*wanted.notes, wanted.last])
    hosts = wanted.hosts
    for frame in frames(paths):
        if frame.number > wanted.last:
            return
        if frame.number < first:
            continue
        near = not hosts or any(one in frame.octets and other in frame.octets for one, other in hosts)
        notes = [f"flow {flow}" for flow in _flows(frame, wanted)] if near else []
        notes += wanted.notes.get(frame.number, ())
        if notes:
            yield frame, notes


def _flows(frame: Frame, wanted: Selection) -> list[int]:
    """The wanted flows that a frame belongs to."""
    packet = layer_of(frame.interface.link_type, frame.octets)
    found = (life for key in ends(packet) for life in wanted.flows.get(key, ()))
    return sorted({life.flow for life in found if life.first <= frame.number <= life.last})
