"""One flow, frame by frame: which one a user means, and what each of its frames says."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from analyzer.errors import AnalyzerError
from analyzer.observations import Observations
from analyzer.tables import Flows

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132}
WITH_PORTS = {PROTOCOLS["tcp"], PROTOCOLS["udp"]}
MOST_STEPS = 100_000

ENDS = re.compile(
    r"\s*\[?(?P<orig>[0-9A-Fa-f.:]+?)\]?[: ](?P<orig_p>[0-9]{1,5})\s*(?:-?>|→|,|\s)\s*"
    r"\[?(?P<resp>[0-9A-Fa-f.:]+?)\]?[: ](?P<resp_p>[0-9]{1,5})(?:[/ ](?P<proto>[a-z0-9]+))?\s*",
    re.ASCII,
)


class FlowError(AnalyzerError):
    """A flow that is not in the capture, or words that name none."""


class Wanted(NamedTuple):
    """A flow by its ends and the frames in which it begins and ends."""

    proto: int
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    first_frame: int
    last_frame: int


class Step(NamedTuple):
    """A frame of a flow: when, by whom, TCP flags, octets of payload, and what a dissector reads in it."""

    frame: int
    ts_ns: int
    forth: bool
    flags: str
    payload: int
    says: str


class Reading(NamedTuple):
    """A flow as a program reads it; `cut` where it has more frames than are shown."""

    program: str
    steps: tuple[Step, ...]
    cut: bool


def key_of(proto: int, one: tuple[str, int], other: tuple[str, int]) -> object:
    """What all packets of a flow have in common; ports count where there are any."""
    if proto not in WITH_PORTS:
        one, other = (one[0], 0), (other[0], 0)
    return proto, frozenset((one, other))


def chosen(seen: Observations, text: str) -> list[int]:
    """The flows that a user means by an id, a community id, or "10.0.0.1:4000 > 10.0.0.2:443/tcp", either end first.

    Raises FlowError where the words name no flow of the capture.
    """
    flows = seen.flows
    if re.fullmatch(r"[0-9]{1,12}", text):
        found = [int(text)] if int(text) < len(flows.proto) else []
    elif text.startswith("1:"):
        found = np.flatnonzero(flows.community_id == text).tolist()
    elif ends := ENDS.fullmatch(text):
        found = _between(flows, ends)
    else:
        raise FlowError(f"flow {text[:80]!a}: expected an id, a community id, or ADDRESS:PORT > ADDRESS:PORT/tcp")
    if not found:
        raise FlowError(f"flow {text[:80]!a}: not in the capture ({len(flows.proto)} flows, from 0 on)")
    return found


def _between(flows: Flows, ends: re.Match[str]) -> list[int]:
    """The flows between two ends, whoever opened them."""
    proto = ends["proto"]
    if proto is not None and proto not in PROTOCOLS:
        raise FlowError(f"flow: {proto[:20]!a} is none of {', '.join(PROTOCOLS)}")
    one, other = (ends["orig"].lower(), int(ends["orig_p"])), (ends["resp"].lower(), int(ends["resp_p"]))
    rows = zip(
        flows.orig_h, flows.orig_p.tolist(), flows.resp_h, flows.resp_p.tolist(), flows.proto.tolist(), strict=True
    )
    return [
        row
        for row, (orig, orig_p, resp, resp_p, number) in enumerate(rows)
        if ((orig, orig_p), (resp, resp_p)) in ((one, other), (other, one))
        and (proto is None or PROTOCOLS[proto] == number)
    ]


def wanted(seen: Observations, flow: int) -> Wanted:
    """A flow's ends and frames."""
    flows = seen.flows
    ends = flows.orig_h[flow], int(flows.orig_p[flow]), flows.resp_h[flow], int(flows.resp_p[flow])
    return Wanted(int(flows.proto[flow]), *ends, int(flows.first_frame[flow]), int(flows.last_frame[flow]))
