"""How two clocks stand to each other, told by what passed both taps."""

from __future__ import annotations

import random

import pytest

from analyzer.comparing import lay
from analyzer.comparing.clocks import Sample, fitted
from tests.builders.taps import HERE, RESOLVER, THERE, Site, pairs_of

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


@pytest.mark.parametrize("offset_s", [0, -4, 47, 9000])
def test_names_tell_no_time(offset_s):
    """The same names come at other times, and at other sites: they are no clock, and nothing is claimed."""
    site = Site(offset_s=offset_s)
    for number, name in enumerate(("a.example.com", "b.example.net", "c.example.org", "d.example.edu"), 1):
        site.opened(name, hello=number)
    taps = lay(*site.seen())
    assert (taps.clock.flows, {row[2] for row in pairs_of(taps)}) == (0, {"unclear"})


def clock_of(site):
    """The clock that a site's flows tell."""
    return lay(*site.seen()).clock


@pytest.mark.parametrize(("offset_s", "flows"), [(0, 3), (-4, 3), (47, 0), (3600, 0)])
def test_questions_tell_where_clocks_all_but_agree(offset_s, flows):
    """Three different questions that come out at one distance tell the clock, unless it is far off."""
    site = Site(offset_s=offset_s)
    for mark in (11, 12, 13):
        site.asked(mark)
    assert clock_of(site).flows == flows


def test_two_questions_are_too_few():
    """Two questions may be alike by chance: those of a device that numbers them from 1."""
    site = Site()
    for mark in (11, 12):
        site.asked(mark)
    assert clock_of(site).flows == 0


def test_one_constant_question_is_no_clock():
    """The question of a time client that leaves its time empty is the same each time, whomever it is sent to."""
    site = Site()
    for server in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        site.both(lambda scene, client, to=server: scene.udp(client, to, 123, orig_print=7), (-1, -1))
    assert clock_of(site).flows == 0


def test_numbers_of_one_end_are_no_clock():
    """A device that begins with the same sequence numbers each time is answered with others each time."""
    site = Site(offset_s=3600)
    for server in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        site.plain(443, 77, server)
        site.outside.rows["flows"][-1].update(resp_isn=len(server) + site.now)
    assert clock_of(site).flows == 0


def test_numbers_of_both_ends_tell_a_clock_that_is_far_off():
    """The numbers of both ends are one connection's, whatever the clocks say."""
    site = Site(offset_s=3600)
    site.plain(443, 77)
    assert clock_of(site).offset_ns == 3600 * S


def test_a_clock_under_which_most_does_not_pair_is_none():
    """Where three questions are alike and ten others are on one side only, the captures are not of one time."""
    site = Site()
    for mark in (11, 12, 13):
        site.asked(mark)
    for mark in range(21, 31):
        row = site.inside.udp(HERE, RESOLVER, 53, orig_print=mark)
        site.only(site.inside, row, isn=-1)
        row = site.outside.udp(THERE, RESOLVER, 53, orig_print=mark + 100)
        site.only(site.outside, row, isn=-1)
    assert clock_of(site).flows == 0


def test_a_hello_said_again_is_no_clock():
    """A client without randomness says the same hello each time; the server answers with another one."""
    site = Site(offset_s=3600)
    site.passed("a.example.com", hello=1)
    site.outside.rows["flows"][0].update(resp_isn=1)
    site.outside.rows["tls"][0].update(server_print=99)
    assert clock_of(site).flows == 0
