"""How a live capture is watched, and within which bounds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What bounds a live capture.

    every_s       seconds between two judgings, at least
    most_flows    that are held and judged; where more come, those that are over leave memory, the oldest first
    out           a folder in which the result's files are kept up to date; empty for none
    facts_octets  of flows that left memory, kept in `out` at most
    """

    every_s: float = 5.0
    most_flows: int = 100_000
    out: str = ""
    facts_octets: int = 2 << 30
