"""Frames as scapy reads them: the steps of one flow, where no Wireshark is, and between whom a packet goes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import scapy
from scapy.config import conf
from scapy.layers import inet, inet6, l2  # noqa: F401 - l2 makes link types known
from scapy.packet import Raw

from analyzer.capturing.stream import Frame, frames
from analyzer.inspecting.steps import MOST_STEPS, Reading, Step, Wanted, key_of

TCP, UDP = 6, 17
KINDS: dict[type[Any], int] = {inet.TCP: TCP, inet.UDP: UDP}
IP = (inet.IP, inet6.IPv6)

logging.getLogger("scapy").setLevel(logging.ERROR)


def read(capture: str, flow: Wanted) -> Reading:
    """The steps of a flow; raises SourceError where the file cannot be read."""
    steps: list[Step] = []
    name = f"scapy {scapy.__version__}"
    for frame in frames([capture]):
        if frame.number > flow.last_frame:
            break
        step = _step(frame, flow) if frame.number >= flow.first_frame else None
        if step is None:
            continue
        if len(steps) == MOST_STEPS:
            return Reading(name, tuple(steps), cut=True)
        steps.append(step)
    return Reading(name, tuple(steps), cut=False)


def layer_of(link_type: int, octets: bytes) -> Any:
    """A frame as scapy's layers; what a dissector of scapy's cannot read is raw octets."""
    kind = conf.l2types.num2layer.get(link_type, Raw)
    try:
        return kind(octets)
    except Exception:  # noqa: BLE001 - whatever a dissector of scapy's raises on hostile octets
        return Raw(octets)


def packets(layer: Any) -> Iterator[tuple[Any, Any]]:
    """The IP packets in a frame, the outer ones first, each with what it carries."""
    while layer is not None and not isinstance(layer, Raw):
        if isinstance(layer, IP):
            held = layer.payload
            while isinstance(held, inet6._IPv6ExtHdr):  # noqa: SLF001 - scapy's one name for all extension headers
                held = held.payload
            yield layer, held
        layer = layer.payload or None


def ends(layer: Any) -> Iterator[object]:
    """The keys of the flows that a frame's packets belong to."""
    for packet, held in packets(layer):
        yield _key(packet, held)


def _key(packet: Any, held: Any) -> object:
    proto = KINDS.get(type(held))
    if proto is None:
        number = packet.proto if isinstance(packet, inet.IP) else _next_header(packet)
        return key_of(number, (packet.src, 0), (packet.dst, 0))
    return key_of(proto, (packet.src, held.sport), (packet.dst, held.dport))


def _next_header(packet: Any) -> int:
    """What an IPv6 packet carries behind its extension headers."""
    while isinstance(packet.payload, inet6._IPv6ExtHdr):  # noqa: SLF001 - as above
        packet = packet.payload
    return int(packet.nh)


def _step(frame: Frame, flow: Wanted) -> Step | None:
    """A frame of the flow as a step; None for a frame of another one."""
    wanted = key_of(flow.proto, (flow.orig_h, flow.orig_p), (flow.resp_h, flow.resp_p))
    for packet, held in packets(layer_of(frame.interface.link_type, frame.octets)):
        if _key(packet, held) == wanted:
            forth = packet.src == flow.orig_h and getattr(held, "sport", flow.orig_p) == flow.orig_p
            flags = str(held.flags) if flow.proto == TCP else ""
            return Step(frame.number, frame.ts_ns, forth, flags, len(held.payload), _says(packet))
    return None


def _says(packet: Any) -> str:
    """What scapy says of a packet, in a line."""
    try:
        return str(packet.summary())
    except Exception as why:  # noqa: BLE001 - as above
        return f"cannot be told ({type(why).__name__})"
