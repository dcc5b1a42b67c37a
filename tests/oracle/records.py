"""A capture file's octets become frames, in plain Python: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng."""

from __future__ import annotations

import gzip
import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import lz4.frame
import zstandard

MAX_CAPLEN = 64 << 20


class Frame(NamedTuple):
    """One captured packet; `ts_ns` is None where the file does not tell."""

    number: int
    ts_ns: int | None
    caplen: int
    origlen: int
    link_type: int
    fcs: int
    octets: bytes


class Interface(NamedTuple):
    """What frames of one interface have in common; a second has `second` ticks."""

    link_type: int
    snaplen: int
    second: int
    offset_ns: int
    fcs: int


def read_octets(path):
    """A file's octets, unpacked with other code than the program's where there is any."""
    octets = Path(path).read_bytes()
    if octets.startswith(b"\x1f\x8b"):
        return gzip.decompress(octets)
    if octets.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(octets), read_across_frames=True).read()
    if octets.startswith(b"\x04\x22\x4d\x18"):
        return lz4.frame.decompress(octets)
    return octets


def walk(octets):
    """(frames, link types, why it ended early or ""): every frame of a capture."""
    if octets[:4] == b"\x0a\x0d\x0d\x0a":
        return walk_pcapng(octets)
    return walk_pcap(octets)


def walk_pcap(octets):
    order = "<" if octets[:4] in {b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\x34\xcd\xb2\xa1"} else ">"
    magic = struct.unpack(order + "I", octets[:4])[0]
    per_tick = 1 if magic == 0xA1B23C4D else 1000
    header = 24 if magic == 0xA1B2CD34 else 16
    link = struct.unpack(order + "I", octets[20:24])[0]
    fcs = (link >> 28) * 2 if link & 0x04000000 else 0
    link &= 0x03FFFFFF
    frames = []
    at = 24
    while at < len(octets):
        if at + header > len(octets):
            return frames, [link], "cut"
        seconds, fraction, caplen, origlen = struct.unpack(order + "IIII", octets[at : at + 16])
        if caplen > MAX_CAPLEN:
            return frames, [link], "bad"
        at += header
        if at + caplen > len(octets):
            return frames, [link], "cut"
        ts_ns = seconds * 1_000_000_000 + fraction * per_tick
        frames.append(Frame(len(frames) + 1, ts_ns, caplen, origlen, link, fcs, octets[at : at + caplen]))
        at += caplen
    return frames, [link], ""


def walk_pcapng(octets):
    frames, links, interfaces = [], [], []
    order = "<"
    at = 0
    while at < len(octets):
        if octets[at : at + 4] == b"\x0a\x0d\x0d\x0a" and len(octets) - at >= 12:
            magic = octets[at + 8 : at + 12]
            if magic not in {b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"}:
                return frames, links, "bad"
            order = "<" if magic[0] == 0x4D else ">"
            interfaces = []
        if len(octets) - at < 12:
            return frames, links, "cut"
        kind, length = struct.unpack(order + "II", octets[at : at + 8])
        least = {0x0A0D0D0A: 28, 1: 20, 2: 32, 3: 16, 5: 24, 6: 32}.get(kind, 12)
        if length < least or length > MAX_CAPLEN + 4096:
            return frames, links, "bad"
        length += -length % 4
        if at + length > len(octets):
            return frames, links, "cut"
        body = octets[at + 8 : at + length - 4]
        if kind == 1:
            interfaces.append(read_interface(body, order))
            links.append(interfaces[-1].link_type)
        elif kind in {2, 3, 6}:
            frame = read_packet(kind, body, order, interfaces, len(frames) + 1)
            if frame is None:
                return frames, links, "bad"
            frames.append(frame)
        at += length
    return frames, links, ""


def read_interface(body, order):
    link, _, snaplen = struct.unpack(order + "HHI", body[:8])
    options = {}
    at = 8
    while at + 4 <= len(body):
        code, length = struct.unpack(order + "HH", body[at : at + 4])
        if code == 0 or at + 4 + length > len(body):
            break
        options[code] = body[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4
    resolution = (options.get(9) or b"\x06")[0]
    second = 2 ** (resolution & 127) if resolution & 128 else 10**resolution
    offset = struct.unpack(order + "q", options[14])[0] if len(options.get(14, b"")) == 8 else 0
    fcs = (options.get(13) or b"\x00")[0]
    return Interface(link, snaplen, second, offset * 1_000_000_000, fcs if fcs <= 8 else fcs // 8)


def read_packet(kind, body, order, interfaces, number):
    """The frame of a packet block (2), simple packet block (3) or enhanced packet block (6); None for nonsense."""
    if kind == 3:
        if not interfaces:
            return None
        origlen = struct.unpack(order + "I", body[:4])[0]
        caplen = min(origlen, len(body) - 4, interfaces[0].snaplen or len(body))
        one = interfaces[0]
        return Frame(number, None, caplen, origlen, one.link_type, one.fcs, body[4 : 4 + caplen])
    if kind == 6:
        index, high, low, caplen, origlen = struct.unpack(order + "IIIII", body[:20])
    else:
        index, _, high, low, caplen, origlen = struct.unpack(order + "HHIIII", body[:20])
    if index >= len(interfaces) or caplen > len(body) - 20:
        return None
    one = interfaces[index]
    ts_ns = int(Fraction(high << 32 | low, one.second) * 1_000_000_000) + one.offset_ns
    ts_ns = ts_ns if 0 <= ts_ns < 1 << 63 else None
    return Frame(number, ts_ns, caplen, origlen, one.link_type, one.fcs, body[20 : 20 + caplen])
