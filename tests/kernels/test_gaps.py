"""Gaps of a stream come and go as octets do, and the pool is used again."""

from __future__ import annotations

from random import Random

import pytest

from analyzer.kernels import flows as fl
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept


def segment(port, seq, octets, *, answer=False, ack=0):
    """A segment of one of many connections."""
    ends, ports = (("10.0.0.2", "10.0.0.1"), (9, port)) if answer else (("10.0.0.1", "10.0.0.2"), (port, 9))
    body = fr.tcp(*ports, seq=seq, ack=ack, payload=b"x" * octets)
    return Shot(0, fr.linked(fr.ipv4(*ends, fr.TCP, body)))


@pytest.mark.parametrize("number", range(8))
def test_what_is_missed_is_what_never_came(number):
    """Octets in any order: those that did not come before the acknowledgement are missed, no others."""
    random = Random(number)
    parts = [(at, 10) for at in range(0, 300, 10)]
    lost = set(random.sample(range(1, 29), 6))
    came = [part for k, part in enumerate(parts) if k not in lost]
    random.shuffle(came)
    came.remove((0, 10))
    shots = [segment(40000, 1000 + at, size) for at, size in [(0, 10), *came]]
    shots.append(segment(40000, 1, 0, answer=True, ack=1300))
    assert finish(swept(shots).tables).orig_missed.tolist() == [60]


def test_filled_gaps_are_used_again():
    """A thousand connections that lose and fill one gap after the other need a handful of rows."""
    shots = []
    for port in range(2000, 3000):
        shots += [segment(port, 100, 10), segment(port, 120, 10), segment(port, 110, 10)]
    sweep = swept(shots)
    assert sweep.counter(fl.GAPS) == 1
    assert finish(sweep.tables).orig_missed.sum() == 0
