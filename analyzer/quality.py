"""What a capture lacks, as measures: how much, and which conclusions it spoils."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from analyzer.observations import Capture, Quality

MANY = 0.01
"""A share of lost or unread frames from which on counts and rates are off by more than rounding."""

MOST = 0.5
"""A share from which on the capture shows less than it hides."""


class Grade(StrEnum):
    """How far a capture carries verdicts, best first."""

    GOOD = "good"
    LIMITED = "limited"
    POOR = "poor"
    EMPTY = "empty"


@dataclass(frozen=True)
class Measure:
    """One lack: its value (None where it was not to be had), what it spoils, and how far it lowers the grade."""

    name: str
    value: float | None
    words: str = ""
    effect: str = ""
    grade: Grade = Grade.GOOD


def measures(quality: Quality, captures: Iterable[Capture]) -> tuple[Measure, ...]:
    """Every measure of a capture, in the order in which they are told."""
    packets = sum(capture.packets for capture in captures)
    return (
        Measure("duplicates", None),
        _drops(quality, packets),
        _missed(quality),
        _one_sided(quality),
        _counted(
            "snaplen_cut",
            quality.snaplen_cut_frames,
            "frames cut by the snaplen",
            "what stood past the cut is not read: names, versions and alerts may be missing",
        ),
        _counted(
            "midstream_flows",
            quality.midstream_flows,
            "TCP flows without their opening",
            "their openings are not in the capture: names and versions of these are not known",
            lowers=quality.midstream_flows > MOST * quality.tcp_flows,
        ),
        _unread("unknown_link_frames", quality.unknown_link_frames, packets, "frames of an unknown link type"),
        _unread("undecoded_frames", quality.undecoded_frames, packets, "malformed or undecoded frames"),
        _unread("encrypted_frames", quality.encrypted_frames, packets, "frames that their link encrypts"),
        _unread("stray_fragments", quality.stray_fragments, packets, "IP fragments without the first one"),
        Measure("non_ip_frames", quality.non_ip_frames),
        _counted(
            "time_steps_back",
            quality.time_steps_back,
            "steps back in time",
            "durations and rates near them are unsure",
        ),
    )


def grade(found: Iterable[Measure], captures: Iterable[Capture]) -> Grade:
    """The worst grade of any measure; a capture that ends early is limited, one without frames is empty."""
    kept = tuple(captures)
    if not any(capture.packets for capture in kept):
        return Grade.EMPTY
    order = list(Grade)
    worst = max((measure.grade for measure in found), key=order.index, default=Grade.GOOD)
    if any(capture.cut for capture in kept):
        worst = max(worst, Grade.LIMITED, key=order.index)
    return worst


def _counted(name: str, count: int, words: str, effect: str, *, lowers: bool = True) -> Measure:
    if not count:
        return Measure(name, count)
    return Measure(name, count, f"{count} {words}", effect, Grade.LIMITED if lowers else Grade.GOOD)


def _drops(quality: Quality, packets: int) -> Measure:
    drops = quality.kernel_drops
    if drops is None:
        return Measure("kernel_drops", None, "drops not recorded")
    if not drops:
        return Measure("kernel_drops", 0, "no drops")
    return Measure(
        "kernel_drops",
        drops,
        f"{drops} frames dropped while capturing",
        "what seems unanswered or missing may have been dropped",
        Grade.POOR if drops > MANY * packets else Grade.LIMITED,
    )


def _missed(quality: Quality) -> Measure:
    if not quality.missed_octets:
        return Measure("missed_octets", 0)
    return Measure(
        "missed_octets",
        quality.missed_octets,
        f"{quality.missed_octets} octets acknowledged but never seen",
        "the capture lost frames: counts are too low, and messages may be missing",
        Grade.LIMITED,
    )


def _one_sided(quality: Quality) -> Measure:
    share = quality.one_sided_share
    if not quality.one_sided_flows:
        return Measure("one_sided_share", share)
    return Measure(
        "one_sided_share",
        share,
        f"{quality.one_sided_flows} of {quality.tcp_flows} TCP flows seen in one direction only",
        "whether these were answered is not in the capture",
        Grade.POOR if share > MOST else Grade.LIMITED,
    )


def _unread(name: str, count: int, packets: int, words: str) -> Measure:
    if not count:
        return Measure(name, count)
    share = count / max(packets, count)
    lowered = Grade.POOR if share > MOST else Grade.LIMITED if share > MANY else Grade.GOOD
    return Measure(name, count, f"{count} {words}", "what they carried is not judged", lowered)
