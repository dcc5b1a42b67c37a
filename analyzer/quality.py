"""What a capture lacks, as measures: how much, and which conclusions it spoils."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from analyzer.observations import Capture, Quality

MANY = 0.01
"""A share of lost or unread frames from which on counts and rates are off by more than rounding."""

FEW = 0.001
"""A share of frames that may come back by chance, as bare resets do."""

SEVERAL = 20
"""Flows that show a habit."""

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
        _duplicates(quality, packets),
        _counted(
            "nat_twins",
            quality.nat_twins,
            "flows seen on both sides of a NAT",
            "counted and judged once, by the host inside",
            lowers=False,
        ),
        _drops(quality, packets),
        _missed(quality),
        _one_sided(quality),
        _counted(
            "snaplen_cut",
            quality.snaplen_cut_frames,
            "frames cut by the snaplen",
            "what stood past the cut is not read: names, versions and alerts may be missing, and what has no name"
            " counts for no budget; octets are right",
        ),
        _counted(
            "midstream_flows",
            quality.midstream_flows,
            "TCP flows without their opening",
            "their openings are not in the capture: names are not known, and nothing is called blocked of them",
            lowers=quality.midstream_flows > MOST * quality.tcp_flows,
        ),
        _unread("unknown_link_frames", quality.unknown_link_frames, packets, "frames of an unknown link type"),
        _unread("undecoded_frames", quality.undecoded_frames, packets, "malformed or undecoded frames"),
        _unread("encrypted_frames", quality.encrypted_frames, packets, "frames that their link encrypts"),
        _unread("stray_fragments", quality.stray_fragments, packets, "IP fragments of which nothing can be read"),
        Measure("non_ip_frames", quality.non_ip_frames),
        *_order(quality),
        _checksums(quality),
        _filtered(quality),
    )


def _order(quality: Quality) -> tuple[Measure, ...]:
    """What is told of the order and the size of frames."""
    return (
        _counted(
            "time_steps_back",
            quality.time_steps_back,
            "steps back in time",
            "durations, rates and what came first are unsure near them",
        ),
        _counted(
            "reordered_segments",
            quality.reordered_segments,
            "segments out of order",
            "they are put in order: no verdict and no rate rests on theirs",
            lowers=False,
        ),
        _counted(
            "super_frames",
            quality.super_frames,
            "frames that the recorder's network card joined",
            "octets are right, frames are too few, and nothing is known of lost or forged segments within them",
            lowers=False,
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


def _duplicates(quality: Quality, packets: int) -> Measure:
    """Mirrored frames; a few that come back are not worth a word."""
    found = quality.duplicates
    if found <= FEW * packets:
        return Measure("duplicates", found)
    effect = "taken out of every count and rate; verdicts are as without them"
    return Measure("duplicates", found, f"{found} mirrored duplicates", effect)


def _checksums(quality: Quality) -> Measure:
    """Wrong checksums among those that were computed: of the first packets of each flow."""
    bad = quality.bad_checksums
    if not bad:
        return Measure("bad_checksums", 0)
    if quality.partial_checksums > MOST * bad:
        words = f"{bad} of {quality.checksums} checksums left to the recorder's network card (offload)"
        return Measure("bad_checksums", bad, words, "no verdict and no rate rests on checksums")
    words = f"{bad} of {quality.checksums} checksums wrong"
    effect = "damage on the wire or in the recorder: such packets are dropped by their receivers, and counted here"
    return Measure("bad_checksums", bad, words, effect, Grade.LIMITED if bad > MANY * quality.checksums else Grade.GOOD)


def _filtered(quality: Quality) -> Measure:
    """A trace of which a filter left something out: as its interfaces say, or as its flows show."""
    effect = "what was left out is not known to be missing: not observed proves nothing, and rates are too low"
    words = ""
    if quality.filters:
        words = f"captured with the filter “{quality.filters[0]}”"
    elif quality.control_flows >= SEVERAL and not quality.payload_flows and quality.missed_octets:
        words = "TCP openings and closings only: a filter left the data out"
    elif quality.payload_flows >= SEVERAL and not quality.control_flows:
        words = "no TCP opening or closing at all: a filter left them out"
    return Measure("filtered", int(bool(words)), words, effect if words else "", Grade.LIMITED if words else Grade.GOOD)


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
        "what seems unanswered may have been dropped: silence proves a block only when it comes often; rates are low",
        Grade.POOR if drops > MANY * packets else Grade.LIMITED,
    )


def _missed(quality: Quality) -> Measure:
    if not quality.missed_octets:
        return Measure("missed_octets", 0)
    return Measure(
        "missed_octets",
        quality.missed_octets,
        f"{quality.missed_octets} octets acknowledged but never seen",
        "the capture lost frames: rates are too low, and silence proves a block only when it comes often",
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
        "whether these were answered is not in the capture: silence proves nothing, and rates lack a direction",
        Grade.POOR if share > MOST else Grade.LIMITED,
    )


def _unread(name: str, count: int, packets: int, words: str) -> Measure:
    if not count:
        return Measure(name, count)
    share = count / max(packets, count)
    lowered = Grade.POOR if share > MOST else Grade.LIMITED if share > MANY else Grade.GOOD
    return Measure(name, count, f"{count} {words}", "what they carried is not judged", lowered)
