"""Pictures of a live capture become lines as things change: plain ones for a person, JSON ones for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from analyzer.exporting import livechanges, units
from analyzer.exporting.livechanges import Turn
from analyzer.exporting.outcomes import SIGNS
from analyzer.exporting.page import ASCII
from analyzer.findings import Outcome
from analyzer.printable import printable
from analyzer.result import moment
from analyzer.watching.picture import Picture, Seen

FIGURE = re.compile(r"[0-9][0-9.,]*")
MANY_FRAMES = 100
STILL_NS = 60_000_000_000
"""Where nothing changes, a line comes after so long all the same."""


class Lines:
    """Plain lines on a stream: one for each finding that is new or gone, each rule that turns, and how it goes."""

    def __init__(self, file: TextIO) -> None:
        """Onto a stream."""
        self._file = file
        self._before: Picture | None = None
        self._told_ns = 0

    def update(self, picture: Picture) -> None:
        """Writes what changed, and how it goes where something did or a minute went by; raises OSError."""
        lines = [*_changes(picture, self._before)]
        if lines or self._before is None or picture.now_ns - self._told_ns >= STILL_NS or _lost(picture, self._before):
            lines.append(_status(picture))
            self._told_ns = picture.now_ns
        self._before = picture
        if lines:
            self._file.write("".join(f"{line}\n" for line in lines))
            self._file.flush()


def json_lines(picture: Picture, before: Picture | None) -> list[str]:
    """A JSON object a line, all in ASCII: what changed since the picture before, and the status last.

    Each has
        at         time of the last frame, RFC 3339 in UTC with nanoseconds; null before the first
        interface  what is captured
        event      finding, finding-gone, rule, note or status

    and beside that

        finding, finding-gone
                   code, verdict, severity, strength, title, host, pack, rule, remedy, filter: strings
                   flows: how many
                   frames: up to 100 of those that show it, as Wireshark counts them from the capture's start
                   first, last: when it was seen first and last, as `at`
        rule       pack, rule, title, because: strings
                   outcome: holds, fails, not_observed or not_observable; before: the same, or null at the first judging
                   flows: how many
        note       text
        status     feed: string
                   frames, octets: since the start; dropped: likewise, or null where the feed cannot tell
                   frames_s, bps, up_bps, down_bps: rates; uplink_bps: what it carries, or null where not known
                   flows: {open, held, left, shed}
                   outcomes: {holds, fails, not_observed, not_observable}, how many rules; null before the first judging
                   findings: how many there are
                   judged_s: how long the last judging took
    """
    head = {"at": _at(picture.now_ns), "interface": picture.interface}
    return [json.dumps({**head, **event}, allow_nan=False) for event in _events(picture, before)]


def _events(picture: Picture, before: Picture | None) -> Iterator[dict[str, Any]]:
    yield from (_rule(turn) for turn in livechanges.turns(before, picture))
    yield from ({"event": "finding", **_finding(seen)} for seen in livechanges.fresh(before, picture))
    yield from ({"event": "finding-gone", **_finding(seen)} for seen in livechanges.gone(before, picture))
    yield from ({"event": "note", "text": note} for note in _notes(picture, before))
    yield {
        "event": "status",
        "feed": picture.feed,
        "frames": picture.frames,
        "octets": picture.octets,
        "dropped": picture.dropped,
        "frames_s": picture.frames_s,
        "bps": picture.bps,
        "up_bps": picture.up_bps,
        "down_bps": picture.down_bps,
        "uplink_bps": picture.uplink_bps or None,
        "flows": {
            "open": picture.open_flows,
            "held": picture.held_flows,
            "left": picture.left_flows,
            "shed": picture.shed_flows,
        },
        "outcomes": _outcomes(picture),
        "findings": sum(not seen.gone for seen in picture.findings),
        "judged_s": picture.judged_s,
    }


def _outcomes(picture: Picture) -> dict[str, int] | None:
    if picture.result is None:
        return None
    counts = picture.result.outcomes
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _finding(seen: Seen) -> dict[str, Any]:
    found = seen.finding
    frames = sorted({int(frame) for piece in found.evidence for frame in piece.frames})
    return {
        "code": found.code,
        "verdict": found.verdict.value,
        "severity": found.severity.value,
        "strength": found.strength.value,
        "title": found.title,
        "host": found.host,
        "pack": found.pack,
        "rule": found.rule,
        "remedy": found.remedy,
        "filter": found.filter,
        "flows": len(found.flows),
        "frames": frames[:MANY_FRAMES],
        "first": _at(seen.first_ns),
        "last": _at(seen.last_ns),
    }


def _rule(turn: Turn) -> dict[str, Any]:
    rule = turn.rule
    return {
        "event": "rule",
        "pack": rule.pack,
        "rule": rule.rule,
        "title": rule.title,
        "outcome": rule.outcome.value,
        "before": turn.before.value if turn.before is not None else None,
        "flows": int(rule.flows),
        "because": rule.because,
    }


def _notes(picture: Picture, before: Picture | None) -> list[str]:
    """Those that were not there before; one whose figures grew was."""
    known = {FIGURE.sub("0", note) for note in before.notes} if before is not None else set()
    return [note for note in picture.notes if FIGURE.sub("0", note) not in known]


def _at(at_ns: int) -> str | None:
    return moment(at_ns) if at_ns else None


def _changes(picture: Picture, before: Picture | None) -> Iterator[str]:
    """Plain lines of what changed."""
    for turn in livechanges.turns(before, picture):
        was = f", was {SIGNS[turn.before][0][2:]}" if turn.before is not None else ""
        why = f": {turn.rule.because}" if turn.rule.because else ""
        sign = SIGNS[turn.rule.outcome][0][2:]
        yield _line(picture, "rule", f"{sign}{was}  {turn.rule.rule}  {turn.rule.title}{why}")
    for seen in livechanges.fresh(before, picture):
        yield _line(picture, "finding", f"{seen.finding.severity.value.upper()}  {seen.finding.title}")
    for seen in livechanges.gone(before, picture):
        yield _line(picture, "gone", f"{seen.finding.severity.value.upper()}  {seen.finding.title}")
    for note in _notes(picture, before):
        yield _line(picture, "note", note)


def _lost(picture: Picture, before: Picture) -> bool:
    """Whether frames or flows were lost since."""
    return (picture.dropped or 0) > (before.dropped or 0) or picture.shed_flows > before.shed_flows


def _status(picture: Picture) -> str:
    told = [
        f"{units.count(picture.frames_s)} packets/s",
        units.rate(picture.bps),
        f"up {units.rate(picture.up_bps)}, down {units.rate(picture.down_bps)}"
        + (f" of {units.rate(picture.uplink_bps)}" if picture.uplink_bps else ""),
        "drops not known" if picture.dropped is None else f"{units.count(picture.dropped)} dropped",
        f"{units.count(picture.open_flows)} flows open, {units.count(picture.held_flows)} held",
    ]
    if picture.shed_flows:
        told.append(f"{units.count(picture.shed_flows)} flows shed")
    outcomes = _outcomes(picture)
    if outcomes is not None:
        told.append(", ".join(f"{number} {SIGNS[Outcome(name)][0][2:]}" for name, number in outcomes.items() if number))
    return _line(picture, "status", "; ".join(part for part in told if part))


def _line(picture: Picture, event: str, text: str) -> str:
    """One line in ASCII, whatever the text."""
    at = f"{moment(picture.now_ns)[:19]}Z" if picture.now_ns else "-"
    safe = printable(text).translate(ASCII).encode("ascii", "backslashreplace").decode("ascii")
    return f"{at}  {event:<7}  {safe}"
