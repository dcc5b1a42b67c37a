"""Budgets of Edges, machines and browsers."""

import pytest

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import API, BEGIN, EDGE, NOWHERE, OUTSIDE, PC, PUBLIC, UPLOADS, S, Scene

MACHINES = ("10.7.0.21", "10.7.0.22")


def plant(upload=15_000, duration_s=120, **given):
    """An Edge with a FOCAS and a Modbus machine that uploads so many octets."""
    scene = Scene(duration_s)
    scene.poll(EDGE, MACHINES[0], "focas", 8193, orig_octets=100, resp_octets=3000)
    scene.poll(EDGE, MACHINES[1], "modbus", 502, orig_octets=100, resp_octets=1000)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=upload, start_ns=BEGIN, **given)
    return scene


def budgets(scene, site=NOWHERE):
    """Budgets by host."""
    return {budget.host: budget for budget in scene.judged(site).budgets}


@pytest.mark.parametrize(("upload", "outcome"), [(90_000, "holds"), (112_000, "holds"), (113_000, "fails")])
def test_an_edge_has_the_sum_of_its_machines(upload, outcome):
    """1 kbps and 5 kbps, with a quarter of tolerance: 7.5 kbps over two minutes."""
    budget = budgets(plant(upload))[EDGE]
    assert (budget.budget_bps, dict(budget.machines), str(budget.outcome)) == (
        6000,
        {"focas": 1, "standard": 1},
        outcome,
    )


def test_the_site_file_may_change_the_tolerance():
    """Half as much again."""
    hosts = (
        SiteHost("edge", "edge", (EDGE,)),
        SiteHost("a", "machine", MACHINES[:1], machine_class="focas"),
        SiteHost("b", "machine", MACHINES[1:]),
    )
    budget = budgets(plant(130_000), Site(hosts=hosts, tolerance=0.5))["edge"]
    assert (str(budget.outcome), dict(budget.machines)) == ("holds", {"focas": 1, "unknown": 1})


def test_a_very_short_capture_tells_nothing():
    """The start of a few connections is not a rate."""
    assert str(budgets(plant(90_000, 8))[EDGE].outcome) == "not_observable"


def test_an_edge_without_known_machines_has_no_budget():
    """Outside the machine network nobody knows how many it serves."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=500_000)
    assert str(budgets(scene)[EDGE].outcome) == "not_observable"


def test_frames_that_are_there_twice_break_no_budget():
    """A mirror that sends everything twice doubles every rate."""
    budget = budgets(plant(180_000, orig_payload_octets=170_000, orig_retransmitted=85_000, resp_payload_octets=100))[
        EDGE
    ]
    assert str(budget.outcome) == "not_observable"


def test_a_machines_upload_is_an_estimate_by_what_was_collected():
    """Three quarters came from the FOCAS machine."""
    made = budgets(plant())
    assert made[MACHINES[0]].estimate.mean_bps == pytest.approx(0.75 * made[EDGE].rate.mean_bps)
    assert made[MACHINES[0]].rate.mean_bps == pytest.approx(3100 * 8 / 120)
    assert str(made[MACHINES[0]].outcome) == "not_observable"


def test_outside_the_nat_a_sites_one_edge_is_told_by_its_destinations():
    """What browsers may reach as well is not counted as the Edge's."""
    scene = Scene()
    scene.tls(OUTSIDE, PUBLIC, UPLOADS, orig_octets=113_000)
    scene.tls(OUTSIDE, PUBLIC, API, orig_octets=500_000)
    hosts = (
        SiteHost("edge", "edge", (EDGE,)),
        SiteHost("a", "machine", MACHINES[:1], machine_class="focas"),
        SiteHost("b", "machine", MACHINES[1:], machine_class="standard"),
    )
    budget = budgets(scene, Site(hosts=hosts, nat=(OUTSIDE,)))["edge"]
    assert (round(budget.rate.mean_bps), str(budget.outcome)) == (7533, "fails")


@pytest.mark.parametrize(("octets", "outcome"), [(7_000, "holds"), (70_000, "holds"), (80_000, "fails")])
def test_a_browsers_download_is_held_against_its_machines(octets, outcome):
    """250 bps for each on the dashboard, 2 kbps for each workcenter view; which was open is not seen."""
    scene = plant()
    scene.tls(PC, PUBLIC, "app.machinemetrics.com", resp_octets=octets, start_ns=BEGIN)
    budget = budgets(scene)[PC]
    assert (budget.role, budget.budget_bps, str(budget.outcome)) == ("browser", 500, outcome)


def test_purposes_add_up_by_what_traffic_serves():
    """Up is what the host in scope sent, whoever opened the flow."""
    made = {purpose.purpose: purpose for purpose in plant().judged().purposes}
    assert (made["machine data"].octets_up, made["machine data"].octets_down, made["machine data"].flows) == (
        200,
        4000,
        2,
    )
    assert made["telemetry"].octets_up == 15_000


def test_a_rate_begins_with_what_is_counted():
    """In two minutes an upload that began after one is a rate over the other; names and time do not count."""
    scene = Scene(120)
    scene.poll(EDGE, MACHINES[1], "modbus", 502)
    scene.lookup(EDGE, API, PUBLIC)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=7500, start_ns=BEGIN + 60 * S)
    rate = budgets(scene)[EDGE].rate
    assert (rate.mean_bps, rate.window_s) == (1000, 60)


def test_what_began_a_moment_ago_has_no_rate():
    """Half a minute is too short, however long the capture is before it."""
    scene = Scene(120)
    scene.poll(EDGE, MACHINES[1], "modbus", 502)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=75_000, start_ns=BEGIN + 90 * S)
    assert str(budgets(scene)[EDGE].outcome) == "not_observable"


UNKNOWN = Site(hosts=(SiteHost("edge", "edge", (EDGE,)), SiteHost("a", "machine", ("10.7.0.29",))))


@pytest.mark.parametrize(("bps", "outcome"), [(1200, "holds"), (3000, "not_observable"), (6300, "fails")])
def test_a_machine_of_unknown_class_has_both_budgets(bps, outcome):
    """Between 1 and 5 kbps its class decides, which a site file can tell; above both it is too much."""
    scene = Scene(300)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=bps * 300 // 8, start_ns=BEGIN)
    budget = budgets(scene, UNKNOWN)["edge"]
    assert (budget.budget_bps, budget.high_bps, str(budget.outcome)) == (1000, 5000, outcome)


def bursting(bursts, octets, duration_s=6000):
    """An Edge that sends so many octets at so many moments, evenly apart."""
    scene = Scene(duration_s)
    scene.poll(EDGE, MACHINES[1], "modbus", 502)
    row = scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=bursts * octets, start_ns=BEGIN)
    scene.rows["rates"] = [
        {"flow": row, "start_ns": BEGIN + at * (duration_s // bursts) * S, "orig_octets": octets, "resp_octets": 0}
        for at in range(bursts)
    ]
    return next(rule for rule in scene.judged().rules if rule.rule == "mm-rate-up-standard")


def test_a_burst_in_a_kept_average_is_no_breach():
    """A message a minute keeps 1 kbps over five minutes; that ten seconds reach more is said."""
    kept = bursting(100, 7500)
    assert (str(kept.outcome), "bursts of 10 s reach 6, the average is kept" in kept.because) == ("holds", True)


def test_a_single_window_above_is_told_apart():
    """One burst that fills a window of five minutes, of which the others are empty."""
    kept = bursting(1, 60_000, 20_000)
    assert (str(kept.outcome), "a burst: in single windows of 5 min up to 1.6" in kept.because) == ("holds", True)


def test_updates_are_no_part_of_a_budget():
    """What a container download acknowledges is upload as well, and not telemetry."""
    scene = plant(15_000)
    scene.tls(EDGE, PUBLIC, "registry2.balena-cloud.com", orig_octets=10**6, resp_octets=10**8)
    assert round(budgets(scene)[EDGE].rate.mean_bps) == 1000
