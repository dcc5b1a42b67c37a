"""Feeds of made-up frames, and a flood of them."""

from __future__ import annotations

import threading

import numpy as np

from analyzer.watching.feeds import Counts
from tests.builders import frames as fr
from tests.builders.sweeping import form_of, interfaces_of

RECORD = 16


class Chunks:
    """A feed of chunks of classic records, each handed over when its turn comes.

    dropped  what it tells that the kernel dropped; error  what it raises at its end
    """

    name = "made up"
    link_type = 1

    def __init__(self, chunks, *, dropped=None, error=None, wait=None):
        self.interface = "made0"
        self.dropped, self.error, self.wait = dropped, error, wait
        self._chunks = chunks
        self._over = threading.Event()

    def run(self, reading, told, guard, tee):
        """See Feed."""
        reading.tee = tee
        form, interfaces = form_of(), interfaces_of(1)
        for octets in self._chunks:
            if self._over.is_set():
                break
            with guard:
                reading.take(octets, 0, octets.size, form, interfaces)
                told(0)
        if self.wait is not None:
            while not self._over.wait(0.02) and not self.wait.is_set():
                pass
        if self.error is not None:
            raise self.error

    def stop(self):
        """See Feed."""
        self._over.set()

    def counts(self):
        """See Feed."""
        return Counts(self.dropped, "")


def records(shots):
    """Shots as one chunk of classic records that count µs."""
    made = bytearray()
    for shot in shots:
        seconds, rest = divmod(shot.ts_ns, 1_000_000_000)
        head = np.array([seconds, rest // 1000, len(shot.octets), len(shot.octets)], "<u4").tobytes()
        made += head + shot.octets
    return np.frombuffer(made, np.uint8)


def flood(count, begin_s, *, seed=1, at_once=20_000):
    """Chunks of SYNs from random addresses and ports to one server, a µs apart."""
    random = np.random.default_rng(seed)
    frame = fr.linked(fr.ipv4("10.0.0.1", "10.0.0.2", fr.TCP, fr.tcp(1, 443, flags=fr.SYN, seq=1)))
    one = np.frombuffer(bytes(RECORD) + frame, np.uint8)
    done = 0
    while done < count:
        many = min(at_once, count - done)
        rows = np.tile(one, (many, 1))
        at_us = begin_s * 1_000_000 + done + np.arange(many)
        head = np.stack([at_us // 1_000_000, at_us % 1_000_000, *[np.full(many, len(frame))] * 2], axis=1)
        rows[:, :RECORD] = head.astype("<u4").view(np.uint8)
        rows[:, RECORD + 26 : RECORD + 30] = random.integers(1, 224, (many, 4))
        rows[:, RECORD + 34 : RECORD + 36] = random.integers(0, 256, (many, 2))
        yield rows.ravel()
        done += many
