"""What two readings of the same captures do not agree on."""

from __future__ import annotations

from dataclasses import replace

from analyzer.observations import Observations
from analyzer.settings import Settings

AS_MIRRORED = Settings(copy_ms=-1)
"""Other programs count each frame of a mirror as often as it is there."""

TABLES = ("flows", "dns", "tls", "certificates", "http", "dhcp", "ntp", "quic", "icmp", "arp", "rates")


def differences(ours: Observations, theirs: Observations, tables: tuple[str, ...] = TABLES) -> list[str]:
    """One line per column, count or capture that differs, with the first pair of values; nothing where all is equal."""
    found = [line for name in tables for line in table_differences(name, getattr(ours, name), getattr(theirs, name))]
    counted = replace(ours.quality, kernel_drops=None), replace(theirs.quality, kernel_drops=None)
    if counted[0] != counted[1]:
        found.append(f"quality: {counted[0]} {counted[1]}")
    read = [
        [(one.packets, one.octets, one.start_ns, one.end_ns, one.cut, one.link_types) for one in seen.captures]
        for seen in (ours, theirs)
    ]
    if read[0] != read[1]:
        found.append(f"captures: {read[0]} {read[1]}")
    return found


def table_differences(name, ours, theirs):
    """The columns of one table in which two readings differ."""
    if len(ours[0]) != len(theirs[0]):
        return [f"{name}: {len(ours[0])} rows, {len(theirs[0])} rows"]
    found = []
    for column, left, right in zip(ours._fields, ours, theirs, strict=True):
        rows = zip(left.tolist(), right.tolist(), strict=True)
        wrong = [(row, one, other) for row, (one, other) in enumerate(rows) if one != other]
        if wrong:
            found.append(f"{name}.{column}: {len(wrong)} rows, first {wrong[0]}")
    return found
