"""What is to be seen of a live capture at one moment; the screen, plain lines, JSON lines and metrics show it."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.findings import Finding
from analyzer.result import Result


@dataclass(frozen=True)
class Seen:
    """A finding, and when it was seen first and last (ns since 1970, by the capture's clock).

    gone  it is no longer among the result's findings
    """

    finding: Finding
    first_ns: int
    last_ns: int
    gone: bool


@dataclass(frozen=True)
class Picture:
    """One moment of a live capture.

    interface, feed   what is captured, and by what: "eth0", "ring" (dumpcap, tcpdump, scapy, stdin)
    now_ns            time of the last frame, ns since 1970; 0 before the first
    since_ns          time of the first frame
    frames, octets    since the start; dropped is None where the feed cannot tell
    frames_s, bps     rates since the picture before (octets on the wire)
    up_bps, down_bps  of hosts of the site to and from the outside, IP octets, over the last window of the result
    uplink_bps        what the uplink carries, 0 where not known
    open_flows, held_flows, left_flows, shed_flows
                      still open; held in memory (open ones too); left memory for Parquet; not kept under a flood
    judged_s          how long the last judging took
    result            of all that is held; None before the first judging
    findings          newest first
    notes             what went wrong or is to be known, newest last, in words
    """

    interface: str
    feed: str
    now_ns: int
    since_ns: int
    frames: int
    octets: int
    dropped: int | None
    frames_s: float
    bps: float
    up_bps: float
    down_bps: float
    uplink_bps: float
    open_flows: int
    held_flows: int
    left_flows: int
    shed_flows: int
    judged_s: float
    result: Result | None
    findings: tuple[Seen, ...]
    notes: tuple[str, ...]
