"""What was written to a wire becomes the exact figures of a truth: octets of whom, to whom, for what, and how fast."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from built.wire import HEADER, Host, Sent

SECOND = 1_000_000_000
WINDOWS_S = (1, 10, 60, 300, 3600)
LENGTHS = ("ip", "frame", "payload")

Figures = dict[str, object]


def at_utc(time_ns: int) -> str:
    """A time to the second (ISO 8601, UTC)."""
    return dt.datetime.fromtimestamp(time_ns // SECOND, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def octets(packets: Iterable[Sent]) -> Figures:
    """Packets, and their octets at IP length, frame length and of transport payload."""
    packets = list(packets)
    return {"packets": len(packets)} | {name: sum(getattr(one, name) for one in packets) for name in LENGTHS}


def hosts(sent: Sequence[Sent]) -> Figures:
    """By address, what a host sent and what was sent to it."""
    found = sorted({host.address for one in sent for host in (one.flow.orig, one.flow.resp)}, key=_order)
    return {
        address: {
            "sent": octets(one for one in sent if _source(one).address == address),
            "received": octets(one for one in sent if _target(one).address == address),
        }
        for address in found
    }


def pairs(sent: Sequence[Sent]) -> list[Figures]:
    """For two hosts that spoke, what the one that opened their flows sent (up), and what it received (down)."""
    found: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    for one in sent:
        found[one.flow.orig.address, one.flow.resp.address].append(one)
    return [{"orig_h": orig, "resp_h": resp, **_ways(own)} for (orig, resp), own in found.items()]


def purposes(sent: Sequence[Sent]) -> Figures:
    """For each purpose, what the originators of its flows sent (up) and received (down), and how many flows it has."""
    found: dict[str, list[Sent]] = defaultdict(list)
    for one in sent:
        if one.flow.purpose:
            found[one.flow.purpose].append(one)
    return {
        purpose: {**_ways(own), "flows": len({id(one.flow) for one in own})} for purpose, own in sorted(found.items())
    }


def machines(sent: Sequence[Sent], classes: Mapping[Host, str]) -> Figures:
    """For each machine, octets to it and from it, and in each hour (UTC)."""
    hours = sorted({one.time_ns // SECOND // 3600 for one in sent})
    made: Figures = {}
    for machine, grade in classes.items():
        to = [one for one in sent if _target(one) == machine]
        back = [one for one in sent if _source(one) == machine]
        made[machine.name] = {
            "address": machine.address,
            "class": grade,
            "to": octets(to),
            "from": octets(back),
            "hours": {
                at_utc(hour * 3600 * SECOND): {
                    "to": sum(one.ip for one in to if one.time_ns // SECOND // 3600 == hour),
                    "from": sum(one.ip for one in back if one.time_ns // SECOND // 3600 == hour),
                }
                for hour in hours
            },
        }
    return made


def upload(packets: Sequence[Sent], first_ns: int, last_ns: int) -> Figures:
    """Octets of packets, their mean over a capture's time, and the highest rate over windows of some lengths.

    A window begins with a whole second (UTC) and lies within the seconds that the capture touches; of several that are
    as high the earliest is named.
    """
    begin = first_ns // SECOND
    series = [0] * (last_ns // SECOND - begin + 1)
    for one in packets:
        series[one.time_ns // SECOND - begin] += one.ip
    sums = [0, *accumulate(series)]
    peaks = []
    for width in WINDOWS_S:
        totals = [sums[at + width] - sums[at] for at in range(len(series) - width + 1)]
        most = max(totals)
        start = at_utc((begin + totals.index(most)) * SECOND)
        peaks.append({"window_s": width, "start": start, "octets": most, "bps": most * 8 / width})
    total = octets(packets)
    mean = sum(one.ip for one in packets) * 8 * SECOND / (last_ns - first_ns)
    return {"octets": total, "mean_bps": mean, "peaks": peaks}


def within(packets: Iterable[Sent], begin_ns: int, end_ns: int) -> list[Sent]:
    """The packets of a stretch of time."""
    return [one for one in packets if begin_ns <= one.time_ns < end_ns]


def not_ip(lengths: Sequence[int], sent: Sequence[Sent]) -> Figures:
    """Frames that hold no IP packet: how many, and their octets."""
    return {"frames": len(lengths) - len(sent), "octets": sum(lengths) - sum(one.frame for one in sent)}


def padding(sent: Sequence[Sent]) -> int:
    """Octets that fill short frames up behind the IP packet."""
    return sum(one.frame - HEADER - one.ip for one in sent)


def _ways(sent: Sequence[Sent]) -> Figures:
    return {"up": octets(one for one in sent if one.forth), "down": octets(one for one in sent if not one.forth)}


def _source(one: Sent) -> Host:
    return one.flow.orig if one.forth else one.flow.resp


def _target(one: Sent) -> Host:
    return one.flow.resp if one.forth else one.flow.orig


def _order(address: str) -> tuple[int, ...]:
    return tuple(map(int, address.split(".")))
