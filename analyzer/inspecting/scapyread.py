"""The frames of one flow as scapy reads them, where no Wireshark is."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import scapy
from scapy.layers import inet, inet6
from scapy.utils import PcapReader

from analyzer.capturing.source import Source, open_source
from analyzer.errors import SourceError
from analyzer.inspecting.steps import MOST_STEPS, Reading, Step, Wanted

TCP = 6
LAYERS = {TCP: inet.TCP, 17: inet.UDP}
LONGEST = 1 << 18
"""Octets that one frame may have: more is no frame."""


class _Plain(io.RawIOBase):
    """A source as a file that Python reads."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, view: Any) -> int:
        """Octets into a buffer; 0 at the end."""
        return self._source.readinto(memoryview(view).cast("B"))


def read(capture: str, flow: Wanted) -> Reading:
    """The steps of a flow; raises SourceError where scapy cannot read the file."""
    logging.getLogger("scapy").setLevel(logging.ERROR)
    steps: list[Step] = []
    name = f"scapy {scapy.__version__}"
    try:
        for number, packet in _frames(capture, flow):
            step = _step(number, packet, flow)
            if step is not None:
                steps.append(step)
                if len(steps) > MOST_STEPS:
                    return Reading(name, tuple(steps[:-1]), cut=True)
    except SourceError:
        raise
    except Exception as why:  # whatever a dissector of scapy's raises on hostile octets
        raise SourceError(capture, f"scapy cannot read it ({type(why).__name__})") from why
    return Reading(name, tuple(steps), cut=False)


def _frames(capture: str, flow: Wanted) -> Iterator[tuple[int, Any]]:
    """The frames of a capture between the first and the last one of a flow, with their numbers."""
    with open_source(capture) as source:
        reader = PcapReader(io.BufferedReader(_Plain(source)))  # type: ignore[arg-type] # a file as well
        for number in range(1, flow.last_frame + 1):
            try:
                packet = reader.read_packet(LONGEST)
            except EOFError:
                return
            if number >= flow.first_frame:
                yield number, packet


def _step(number: int, packet: Any, flow: Wanted) -> Step | None:
    """A frame of the flow as a step; None for a frame of another one."""
    layer = packet.getlayer(inet6.IPv6 if ":" in flow.orig_h else inet.IP)
    while layer is not None:
        way = _way(layer, flow)
        if way is not None:
            ports, forth = way
            flags = str(ports.flags) if flow.proto == TCP else ""
            at = int(packet.time * 1_000_000_000)
            return Step(number, at, forth, flags, len(ports.payload), layer.summary())
        layer = layer.payload.getlayer(type(layer))
    return None


def _way(layer: Any, flow: Wanted) -> tuple[Any, bool] | None:
    """The transport layer of a packet of the flow, and whether its originator sent it; None for another packet."""
    kind = LAYERS.get(flow.proto)
    ports = layer.getlayer(kind) if kind else layer.payload
    if ports is None:
        return None
    source, target = (layer.src, ports.sport if kind else 0), (layer.dst, ports.dport if kind else 0)
    orig, resp = (flow.orig_h, flow.orig_p if kind else 0), (flow.resp_h, flow.resp_p if kind else 0)
    return (ports, source == orig) if (source, target) in ((orig, resp), (resp, orig)) else None
