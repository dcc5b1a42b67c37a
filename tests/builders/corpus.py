"""Captures of the public corpus as conversations: a plain, quick reading of Ethernet, IP, TCP and UDP."""

from __future__ import annotations

import struct

from scapy.error import Scapy_Exception
from scapy.utils import RawPcapNgReader, RawPcapReader

from analyzer.conversations import Conversation, Mark, Message, Stream

KEPT = 16384
LINK_OCTETS = {0: 4, 1: 14, 12: 0, 101: 0, 108: 4, 113: 16, 276: 20, 228: 0, 229: 0}


def read_frames(path):
    """Number, link type and octets of each frame; nothing where scapy cannot read the file."""
    try:
        with path.open("rb") as opened, RawPcapReader(opened) as reader:
            pcapng = isinstance(reader, RawPcapNgReader)
            for number, (octets, meta) in enumerate(reader, 1):
                yield number, meta.linktype if pcapng else reader.linktype, octets
    except (Scapy_Exception, EOFError, struct.error, ValueError, OSError):
        return


def read_transport(link, octets):
    """(source, destination, protocol, payload of IP), or None where the frame is something else or a fragment."""
    at = LINK_OCTETS.get(link)
    if at is None:
        return None
    if link in {1, 113, 276}:
        kind = octets[0:2] if link == 276 else octets[at - 2 : at]
        while kind in {b"\x81\x00", b"\x88\xa8"}:
            kind, at = octets[at + 2 : at + 4], at + 4
        if kind not in {b"\x08\x00", b"\x86\xdd"}:
            return None
    ip = octets[at:]
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        if int.from_bytes(ip[6:8], "big") & 0x3FFF:
            return None
        length = int.from_bytes(ip[2:4], "big") or len(ip)
        return ip[12:16], ip[16:20], ip[9], ip[(ip[0] & 15) * 4 : length]
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        return ip[8:24], ip[24:40], ip[6], ip[40 : 40 + int.from_bytes(ip[4:6], "big")]
    return None


def read_conversations(path):
    """Every TCP and UDP conversation of a capture, its first octets in order, without gap, and their frames."""
    flows = {}
    for number, link, octets in read_frames(path):
        found = read_transport(link, octets)
        if not found:
            continue
        source, target, proto, body = found
        if proto == 6 and len(body) >= 20:
            ports, flags, payload = struct.unpack("!HH", body[:4]), body[13], body[(body[12] >> 4) * 4 :]
        elif proto == 17 and len(body) >= 8:
            ports, flags, payload = (
                struct.unpack("!HH", body[:4]),
                0,
                body[8 : int.from_bytes(body[4:6], "big") or None],
            )
        else:
            continue
        here, there = (source, ports[0]), (target, ports[1])
        if proto == 6 and flags & 0x12 == 0x12:
            here, there = there, here
        key = (proto, there, here) if (proto, there, here) in flows else (proto, here, there)
        sides = flows.setdefault(key, ([], []))
        seq = int.from_bytes(body[4:8], "big") + (flags >> 1 & 1) if proto == 6 else 0
        from_orig = key[1] == (source, ports[0])
        sides[0 if from_orig or proto == 17 else 1].append((number, from_orig, seq, flags, payload))
    for flow, ((proto, orig, resp), sides) in enumerate(flows.items()):
        if proto == 17:
            messages = tuple(Message(n, n, from_orig, octets) for n, from_orig, _, _, octets in sides[0][:64])
            yield Conversation(flow, 17, orig[1], resp[1], messages=messages)
        else:
            yield Conversation(flow, 6, orig[1], resp[1], *(_join(side) for side in sides))


def _join(segments):
    """The octets from the first sequence number on, as far as they follow each other."""
    syn = [seq for _, _, seq, flags, _ in segments if flags & 2]
    data = [segment for segment in segments if segment[4]]
    if not data:
        return Stream()
    first = syn[0] if syn else data[0][2]
    octets, marks = b"", []
    for number, _, seq, _, payload in sorted(data, key=lambda segment: (segment[2] - first) & 0xFFFFFFFF):
        ahead = (seq - first) & 0xFFFFFFFF
        if ahead > len(octets):
            break
        if len(octets) - ahead < len(payload):
            marks.append(Mark(len(octets), number, number))
            octets += payload[len(octets) - ahead :]
        if len(octets) > KEPT:
            break
    return Stream(octets[:KEPT], tuple(marks))
