"""How two clocks stand to each other, told by what passed both taps."""

from __future__ import annotations

import random

import pytest

from analyzer.comparing import lay
from analyzer.comparing.clocks import Sample, fitted
from tests.builders.taps import Site, pairs_of

S = 1_000_000_000
BEGIN = 1_700_000_000 * S


def samples(count, span_s, offset_ns, ppm, jitter_ns=0):
    """Events by two clocks, one of which is ahead and runs fast."""
    rng = random.Random(7)
    made = []
    for k in range(count):
        since = k * span_s * S // max(count - 1, 1)
        late = rng.randrange(-jitter_ns, jitter_ns + 1) if jitter_ns else 0
        made.append(Sample(BEGIN + since, BEGIN + since + offset_ns + round(since * ppm * 1e-6) + late))
    return made


def test_an_offset_is_told_to_the_nanosecond():
    """Without jitter and drift the offset is exact, and so is what is made of an outside time."""
    clock = fitted(samples(5, 20, -3_250_000_123, 0), "unchanged")
    assert (clock.offset_ns, clock.drift, clock.spread_ns, clock.flows) == (-3_250_000_123, 0.0, 0, 5)
    assert clock.inside(BEGIN + 10 * S - 3_250_000_123) == BEGIN + 10 * S


def test_a_drift_is_told_from_a_long_capture():
    """Over ten minutes 40 ppm are found within 2 ppm in spite of a millisecond of jitter."""
    clock = fitted(samples(60, 600, 5 * S, 40, 1_000_000), "hello")
    assert abs(clock.drift * 1e6 - 40) < 2
    at = BEGIN + 500 * S
    assert abs(clock.inside(at + 5 * S + round(500 * S * 40e-6)) - at) < 2_000_000


def test_a_short_capture_tells_no_drift():
    """Half a minute is too short to tell a drift from jitter, and none is claimed."""
    assert fitted(samples(60, 30, S, 40, 1_000_000), "hello").drift == 0.0


def test_few_late_flows_do_not_move_the_offset():
    """A quarter of the flows that come half a second late change the offset by nothing."""
    late = [Sample(one.inside_ns, one.outside_ns + S // 2) for one in samples(5, 20, S, 0)]
    assert fitted([*samples(20, 20, S, 0), *late], "hello").offset_ns == S


@pytest.mark.parametrize(("offset_s", "passage"), [(0, "opened"), (-4, "opened"), (47, "unclear"), (9000, "unclear")])
def test_names_alone_tell_where_clocks_all_but_agree(offset_s, passage):
    """Where all is opened, names show it; of another minute they would show the same, and nothing is claimed."""
    site = Site(offset_s=offset_s)
    for number, name in enumerate(("a.example.com", "b.example.net", "c.example.org", "d.example.edu"), 1):
        site.opened(name, hello=number)
    assert [row[2] for row in pairs_of(lay(*site.seen()))][:4] == [passage] * 4
