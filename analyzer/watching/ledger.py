"""Findings of one judging after the other: when each was seen first, and which are gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.findings import Finding
from analyzer.watching.picture import Seen

MOST = 10_000
"""Findings that are remembered; of more, those that are gone for longest are forgotten."""

RATE = " kbps"
"""Titles with a rate are of one finding for each host and rule, whatever it comes to."""

Key = tuple[str, str, str, str, str]


class Ledger:
    """All findings since the start."""

    def __init__(self) -> None:
        self._held: dict[Key, Seen] = {}

    def update(self, findings: Iterable[Finding], now_ns: int) -> list[Seen]:
        """Take what was found at this time; returns the findings that are new, or came back after they were gone."""
        fresh = []
        found = {key_of(finding): finding for finding in findings}
        for key, finding in found.items():
            before = self._held.pop(key, None)
            first_ns = now_ns if before is None else before.first_ns
            self._held[key] = Seen(finding, first_ns, now_ns, gone=False)
            if before is None or before.gone:
                fresh.append(self._held[key])
        for key, seen in self._held.items():
            if key not in found and not seen.gone:
                self._held[key] = replace(seen, gone=True)
        self._forget()
        return fresh

    def newest(self) -> tuple[Seen, ...]:
        """All that are remembered, those that were seen first last on top."""
        return tuple(sorted(self._held.values(), key=lambda seen: -seen.first_ns))

    def _forget(self) -> None:
        spare = len(self._held) - MOST
        if spare > 0:
            order = sorted(self._held, key=lambda key: (not self._held[key].gone, self._held[key].last_ns))
            for key in order[:spare]:
                del self._held[key]


def key_of(finding: Finding) -> Key:
    """What makes a finding the same one: code, pack, rule, host, and its title, unless that tells a rate."""
    title = "" if RATE in finding.title else finding.title
    return finding.code, finding.pack, finding.rule, finding.host, title
