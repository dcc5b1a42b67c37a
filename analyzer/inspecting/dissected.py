"""The frames of one flow as tshark reads them: what Wireshark's list of packets shows."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from analyzer.errors import SourceError
from analyzer.inspecting.child import Child
from analyzer.inspecting.steps import MOST_STEPS, Reading, Step, Wanted
from analyzer.inspecting.wireshark import CUT, complaint, nanoseconds, version

FIELDS = (
    "frame.number", "frame.time_epoch", "ip.src", "ipv6.src", "tcp.srcport", "udp.srcport", "tcp.flags.str", "tcp.len",
    "udp.length",
)  # fmt: skip
INFO = ("_ws.col.Info", "_ws.col.info")
"""The column of packets that says what they are, as programs up to 4.0 and later ones call it."""

UDP_HEADER = 8
TCP, UDP = 6, 17


def read(program: str, capture: str, flow: Wanted, limit_s: float) -> Reading:
    """The steps of a flow; raises SourceError where the program cannot read the file or takes too long."""
    name = version(program)
    for info in INFO:
        try:
            return _read(name, [program, *_words(capture, flow, info)], capture, limit_s, flow)
        except SourceError as why:
            if "valid" not in str(why) or info == INFO[-1]:
                raise
    raise AssertionError("one of the names was tried last")


def display_filter(flow: Wanted) -> str:
    """The frames of a flow in Wireshark's language, those that quote it among them."""
    ip = "ipv6" if ":" in flow.orig_h else "ip"
    layer = {TCP: "tcp", UDP: "udp"}.get(flow.proto, "")
    ways = []
    for (source, sport), (target, dport) in _both(flow):
        ports = f" && {layer}.srcport == {sport} && {layer}.dstport == {dport}" if layer else ""
        ways.append(f"({ip}.src == {source} && {ip}.dst == {target}{ports})")
    return f"frame.number >= {flow.first_frame} && frame.number <= {flow.last_frame} && ({' || '.join(ways)})"


def _both(flow: Wanted) -> tuple[tuple[tuple[str, int], tuple[str, int]], ...]:
    orig, resp = (flow.orig_h, flow.orig_p), (flow.resp_h, flow.resp_p)
    return (orig, resp), (resp, orig)


def _words(capture: str, flow: Wanted, info: str) -> list[str]:
    path = str(Path(capture).absolute())  # begins with a slash, so that it is neither an option nor standard input
    shown = [word for name in (*FIELDS, info) for word in ("-e", name)]
    how = ["-n", "-T", "fields", "-E", "occurrence=l", "-c", str(flow.last_frame)]
    return [*how, *shown, "-Y", display_filter(flow), "-r", path]


def _read(name: str, words: list[str], capture: str, limit_s: float, flow: Wanted) -> Reading:
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="analyzer-") as nothing:
        environment = {**os.environ, "WIRESHARK_CONFIG_DIR": nothing, "LC_ALL": "C.UTF-8"}
        with Child(words, of=capture, limit_s=limit_s, environment=environment) as child:
            for number, line in enumerate(child.lines(), 1):
                if len(steps) == MOST_STEPS:
                    return Reading(name, tuple(steps), cut=True)
                try:
                    steps.append(step_of(line, flow))
                except ValueError as why:
                    raise SourceError(capture, f"line {number} of what tshark printed is no frame") from why
            if child.code and CUT not in child.said:
                raise SourceError(capture, f"tshark ended with exit code {child.code}{complaint(child.said)}")
    return Reading(name, tuple(steps), cut=False)


def step_of(line: bytes, flow: Wanted) -> Step:
    """A line of what tshark prints as a step. Raises ValueError where it is none."""
    cells = line.decode("utf-8", "replace").split("\t", len(FIELDS))
    if len(cells) != len(FIELDS) + 1:
        raise ValueError("fields")
    frame, time, four, six, tcp_port, udp_port, flags, payload, length, says = cells
    port = int(tcp_port or udp_port or flow.orig_p)
    forth = (six or four, port) == (flow.orig_h, flow.orig_p)
    octets = int(payload) if payload else max(int(length) - UDP_HEADER, 0) if length else 0
    return Step(int(frame), nanoseconds(time), forth, flags.replace("·", ""), octets, says)
