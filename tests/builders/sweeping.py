"""A sweep over frames without a file: what stands in its tables afterwards."""

from __future__ import annotations

import numpy as np

from analyzer.kernels import records as rc
from analyzer.metering.sweep import Room, Sweep
from analyzer.settings import Settings
from tests.builders.captures import pcap

CLASSIC = 24


def form_of(order="<", kind=rc.PCAP, header=16):
    """How a file is laid out, as the kernels take it."""
    return np.array([kind, order == "<", header], np.int64)


def interfaces_of(*links, snaplen=0):
    """Interfaces that count µs."""
    rows = np.zeros((len(links), rc.INTERFACE_FIELDS), np.int64)
    rows[:, rc.LINK], rows[:, rc.MULTIPLY], rows[:, rc.SNAPLEN] = links, 1000, snaplen
    rows[:, rc.LAST_TICK] = ((1 << 63) - 1) // 1000
    return rows


def swept(shots, *, link=1, settings=None, room=None, steps=()):
    """A Sweep that has read the shots; `steps` are offsets at which the octets are cut."""
    sweep = Sweep(settings or Settings(), room or Room())
    octets = np.frombuffer(bytearray(pcap(shots)), np.uint8)
    at = CLASSIC
    for end in [*sorted(step for step in steps if CLASSIC < step < octets.size), octets.size]:
        why, at, _ = sweep.feed(octets, at, end, form_of(), interfaces_of(link))
        assert why == rc.MORE
    return sweep
