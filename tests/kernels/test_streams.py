"""Segments of one direction become its octets in order, each with the frame that brought it."""

from __future__ import annotations

from random import Random

import pytest

from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept
from tests.oracle.tcp import End, stream

TEXT = bytes(range(33, 127)) * 3


def talks(parts, isn=1000):
    """The conversation of segments at (offset, length) of TEXT after a SYN."""
    sent = [fr.tcp(40000, 9, seq=isn, flags=fr.SYN)]
    sent += [fr.tcp(40000, 9, seq=isn + 1 + at, payload=TEXT[at : at + length]) for at, length in parts]
    shots = [Shot(k * 1000, fr.linked(fr.ipv4("10.0.0.1", "10.0.0.2", fr.TCP, body))) for k, body in enumerate(sent)]
    sweep = swept(shots)
    sweep.finish()
    (talk,) = sweep.found.take_conversations()
    return talk.orig


@pytest.mark.parametrize("isn", [1000, (1 << 32) - 100, (1 << 31) - 50])
@pytest.mark.parametrize("number", range(12))
def test_overlapping_segments_are_joined_as_the_oracle_joins_them(number, isn):
    """Any order, overlap, repetition and hole, around any sequence number."""
    random = Random(number)
    parts = [(random.randrange(200), random.randrange(1, 60)) for _ in range(25)] + [(0, 5)]
    end = End(True)
    end.segments = [(at, 1000 * k, k + 1, TEXT[at : at + length]) for k, (at, length) in enumerate(parts, 1)]
    octets, marks = stream(end, 32 * 1024)
    made = talks(parts, isn)
    assert made.octets == octets
    assert [tuple(mark) for mark in made.marks] == marks
    assert TEXT.startswith(made.octets)
