"""The captures named on a command line become one list of paths, rotated files of one capture in their order."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from analyzer.capturing.container import NS_PER_S, PCAP_HEADER, Interface, parse_interface, sniff
from analyzer.capturing.source import STDIN, open_source
from analyzer.errors import AnalyzerError, SourceError, reason

PEEK = 1 << 16
"""Octets read to find a file's first frame; what stands before it rarely needs a tenth of that."""

INTERFACE_BLOCK, PACKET_BLOCK, ENHANCED_PACKET_BLOCK = 1, 2, 6
PACKET_BLOCKS = (PACKET_BLOCK, ENHANCED_PACKET_BLOCK)

UNKNOWN_NS = 1 << 63
"""Stands for the time of a file in which no frame was found; such files come last."""


def expand(arguments: Sequence[str]) -> list[str]:
    """Paths of the captures that files, globs, directories and "-" name, each once, ordered by their first frame.

    A directory stands for the files in it (not below it) that are captures by their octets. Standard input keeps its
    place, and so does a file that cannot be read, whose error is for the reader to tell. Raises SourceError where a
    glob or a directory names nothing, and where "-" is named twice.
    """
    if list(arguments).count(STDIN) > 1:
        raise SourceError(STDIN, "standard input can be read once only")
    paths = list(dict.fromkeys(path for argument in arguments for path in _named(argument)))
    if len(paths) < 2:
        return paths
    places = [place for place, path in enumerate(paths) if path != STDIN]
    ordered = sorted((paths[place] for place in places), key=first_ns)
    for place, path in zip(places, ordered, strict=True):
        paths[place] = path
    return paths


def _named(argument: str) -> Iterator[str]:
    if argument == STDIN:
        yield argument
    elif Path(argument).is_dir():
        yield from _captures_in(argument)
    elif glob.has_magic(argument) and not Path(argument).exists():
        found = sorted(glob.glob(argument))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not found:
            raise SourceError(argument, "names no file")
        for path in found:
            yield from _named(path)
    else:
        yield argument


def _captures_in(folder: str) -> list[str]:
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    except OSError as why:
        raise SourceError(folder, f"cannot be listed ({reason(why)})") from why
    found = [str(path) for path in files if is_capture(str(path))]
    if not found:
        raise SourceError(folder, "holds no capture")
    return found


def is_capture(path: str) -> bool:
    """Whether the file's octets are a capture's, unpacked where need be."""
    try:
        sniff(_peek(path, 64), path)
    except AnalyzerError:
        return False
    return True


def first_ns(path: str) -> int:
    """Time of the file's first frame, in ns since 1970-01-01 UTC; UNKNOWN_NS where none is found."""
    if not Path(path).is_file():
        return UNKNOWN_NS
    try:
        octets = _peek(path, PEEK)
        container = sniff(octets, path)
    except AnalyzerError:
        return UNKNOWN_NS
    order: Literal["little", "big"] = "little" if container.little else "big"
    if container.kind == "pcapng":
        return _first_block_ns(octets, order)
    if len(octets) < container.header_octets + 8:
        return UNKNOWN_NS
    seconds, rest = (int.from_bytes(octets[at : at + 4], order) for at in (PCAP_HEADER, PCAP_HEADER + 4))
    return seconds * NS_PER_S + rest * container.interface.ns_per_tick[0]


def _first_block_ns(octets: bytes, order: Literal["little", "big"]) -> int:
    """Time of the first packet block of a pcapng's first section, as its interface counts."""
    interfaces: list[Interface] = []
    at = 0
    while at + 20 <= len(octets):
        kind, length, index, high, low = (int.from_bytes(octets[at + n : at + n + 4], order) for n in range(0, 20, 4))
        if length < 12:
            break
        if kind == INTERFACE_BLOCK and at + length <= len(octets):
            try:
                interfaces.append(parse_interface(octets[at : at + length], order == "little"))
            except ValueError:
                break
        elif kind in PACKET_BLOCKS:
            index = index if kind == ENHANCED_PACKET_BLOCK else int.from_bytes(octets[at + 8 : at + 10], order)
            if index < len(interfaces):
                multiply, divide = interfaces[index].ns_per_tick
                return (high << 32 | low) * multiply // divide + interfaces[index].offset_ns
        at += length + -length % 4
    return UNKNOWN_NS


def _peek(path: str, octets: int) -> bytes:
    """The first octets of a file, unpacked; what stands before damage where it is damaged."""
    buffer = bytearray(octets)
    with open_source(path) as source:
        filled = source.readinto(memoryview(buffer))
    return bytes(buffer[:filled])
